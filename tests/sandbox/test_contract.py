"""The public API, as the pipeline uses it."""

from __future__ import annotations

from sandbox import Limits, Pool, Program, Result, run


def test_a_program_that_reaches_its_end_passes() -> None:
    assert run("assert 1 + 1 == 2").passed


def test_a_result_survives_the_way_through_a_dict() -> None:
    result = run("print('hello')")
    assert Result.from_dict(result.to_dict()) == result


def test_each_program_gets_one_result_with_its_id() -> None:
    programs = [Program(str(number), f"assert {number} % 2") for number in range(6)]
    with Pool(2, Limits()) as pool:
        passed = {result.id: result.passed for result in pool.run_many(programs)}
    assert passed == {str(number): bool(number % 2) for number in range(6)}
