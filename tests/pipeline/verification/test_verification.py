"""Tests that prove nothing are told from tests that do, by real runs in the real sandbox."""

from __future__ import annotations

import pytest

from benchmarks import data_quality, tests_by_hand
from pipeline.records import Rejection
from pipeline.stages.verified import verification, verified
from pipeline.text.programs import program_text
from pipeline.verification import job
from sandbox import Limits, Pool, Program
from sandbox.falsification import Claim
from tests.pipeline.verification.cases import STACK, STRONG, SUM, TOTAL_CASE, WEAK, of_this_moment

WEAK_CASES = [(rule, code, tests) for rule, cases in WEAK.items() for code, tests in cases]
OTHERS = [
    job.Other("agreeing", SUM, "assert total([4]) == 4\n"),
    job.Other("otherwise", SUM, "assert total([4]) == 5\n"),
    job.Other("counting", SUM, TOTAL_CASE.replace("3)", "4)") + "unittest.main(exit=False)\n"),
    job.Other("renamed", "def add_up(xs):\n    return 0\n", "assert add_up([1, 1]) == 2\n"),
]


@pytest.fixture(scope="module")
def outcomes():
    """Of every case whether it passes, and the outcome of its verification."""
    cases = {
        **{f"weak {n}": (code, of_this_moment(t))
           for n, (_, code, t) in enumerate(WEAK_CASES)},
        **{f"strong {n}": case for n, case in enumerate(STRONG)},
        "others": (SUM, "assert total([1, 2]) == 3\n"),
        "argument": ("def same(x):\n    return x\n", "assert same(1) == 1\nassert same(x=2) == 2\n"),
        "constant": ("def fits(x):\n    return True\n", "assert fits(1)\nassert fits(2)\n"),
        "method": (STACK, "s = Stack()\ns.push(1)\nassert s.pop() == 1\n"),
    }  # fmt: skip
    bounds = job.Bounds(seconds=10.0)
    with Pool(workers=2, limits=Limits()) as pool:
        passed = {
            result.id: result.passed
            for result in pool.run_many(Program(id, program_text(*case)) for id, case in cases.items())
        }
        found = {
            result.id: verification(result, cases[result.id][0])
            for result in pool.run_many(
                Program(id, job.program(id, *case, OTHERS if id == "others" else [], bounds))
                for id, case in cases.items()
            )
        }
    return passed, found


@pytest.mark.parametrize("number", range(len(WEAK_CASES)), ids=lambda n: f"{WEAK_CASES[n][0]}-{n}")
def test_weak_tests_pass_and_are_dropped_by_their_rule(outcomes, number):
    passed, found = outcomes
    assert passed[f"weak {number}"] or WEAK_CASES[number][0] == "flaky_tests"
    dropped = found[f"weak {number}"]
    assert isinstance(dropped, Rejection), dropped
    assert dropped.rule == WEAK_CASES[number][0], dropped


@pytest.mark.parametrize("number", range(len(STRONG)))
def test_strong_tests_are_kept_and_described(outcomes, number):
    passed, found = outcomes
    assert passed[f"strong {number}"]
    record = found[f"strong {number}"]
    assert not isinstance(record, Rejection), record
    assert record["mutants"] >= record["killed"] >= 1


def test_a_record_counts_asserts_calls_and_mutants(outcomes):
    record = outcomes[1]["strong 4"]
    assert record["asserts"] == 50
    assert record["functions"] == ["pick"]


def test_a_response_agrees_with_those_whose_tests_it_passes_under_their_name(outcomes):
    record = outcomes[1]["others"]
    assert (record["agrees"], record["asked"]) == (["agreeing", "renamed"], 4)


def test_a_response_is_supported_by_those_whose_code_passes_its_tests(outcomes):
    assert outcomes[1]["others"]["supports"] == ["agreeing", "otherwise", "counting"]


@pytest.mark.parametrize(
    ("case", "inputs", "behaviour"),
    [("others", 1, ""), ("argument", 2, "argument"), ("constant", 2, "constant"), ("method", 0, "")],
)
def test_a_record_tells_how_many_inputs_were_tested_and_what_the_function_always_returned(
    outcomes, case, inputs, behaviour
):
    record = outcomes[1][case]
    assert (record["inputs"], record["behaviour"]) == (inputs, behaviour)


def test_what_a_program_prints_is_no_report():
    told = job.read_report("a", "verified \n{'first': 'passed'}\n")
    assert told is None


def test_weak_tests_written_by_hand_are_caught_and_strong_ones_kept():
    cases = tests_by_hand.cases()
    fates = data_quality.verified(cases)
    assert [case.id for case in cases if not case.weak and fates[case.id] != "kept"] == []
    missed = [case.id for case in cases if case.weak and fates[case.id] == "kept"]
    weak = sum(case.weak for case in cases)
    # Draws that come out so now and then only are caught by repeating, so not always.
    assert len(missed) <= 0.05 * weak, missed


def test_what_the_verification_keeps_is_falsified():
    lying = (
        "import math\n\nclass Lying(type(math)):\n    isclose = property(lambda self: lambda *_: True)\n\n"
        "math.__class__ = Lying\n\ndef half(x):\n    return x / 2\n"
    )
    tests = "import math\nassert half(4) == 2\nassert math.isclose(half(3), 2.5)\n"
    claims = {"lying": Claim("lying", lying, tests), "honest": Claim("honest", SUM, "assert total([1, 2]) == 3\n")}
    programs = [Program(c.id, job.program(c.id, c.code, c.tests, [], job.Bounds())) for c in claims.values()]
    with Pool(workers=2, limits=Limits()) as pool:
        outcomes = {outcome.unit: outcome.result for outcome in verified(pool, programs, claims)}
    assert isinstance(outcomes["lying"], Rejection)
    assert outcomes["lying"].rule == "passes_when_wrong"
    assert outcomes["honest"]["asserts"] == 1
    assert claims == {}
