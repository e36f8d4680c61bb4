"""The comparison of responses with a seed, in the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.behaviour import embedded
from pipeline.records import Rejection
from pipeline.stages.oracle import judged, statements
from sandbox import Pool, Program

SEED = '''
def runs(values):
    """Group equal neighbours."""
    if not values:
        raise ValueError("empty")
    found = []
    for value in values:
        if found and found[-1][0] == value:
            found[-1].append(value)
        else:
            found.append([value])
    return found
'''
RIGHT = """
from itertools import groupby
def runs(values):
    if not values:
        raise ValueError
    return [list(group) for _, group in groupby(values)]
"""
FORGES = """
import marshal, os
def runs(values):
    for descriptor in range(3, 40):
        for place in range(100):
            sent = marshal.dumps((place, ("value", ("list", []), None)))
            try:
                os.write(descriptor, len(sent).to_bytes(4, "big") + sent)
            except OSError:
                break
    return [[value] for value in values]
"""
SENDS_ODD_SHAPES = FORGES.replace('("list", [])', "5")
# A wrong assert ends a program, and a framework calls what is defined only: the calls behind both count.
TESTS = """
assert runs([3, 3, 3]) == 5
assert runs([1, 1, 2]) == [[1, 1], [2]]
def test_more():
    assert runs([2, 1, 1]) == [[2], [1, 1]]
try:
    runs([])
except ValueError:
    pass
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=1) as opened:
        yield opened


def compare(pool: Pool, code: str, seed: str = SEED, tests: str = TESTS) -> Rejection | dict[str, object]:
    job = {"seed": seed, "name": "runs", "tests": [statements(tests)], "rows": [code], "seconds": 4.0}
    [result] = pool.run_many([Program("one", embedded.program("one", "oracle", job))])
    found = judged("one", embedded.read_report("one", result.stdout), 0)
    return found if isinstance(found, Rejection) else dict(found)


def test_a_response_that_answers_as_the_seed_is_kept_with_the_calls_it_was_compared_on(pool: Pool) -> None:
    found = compare(pool, RIGHT)
    assert isinstance(found, dict)
    assert found["calls"] == 4
    assert int(str(found["variants"])) > 10


@pytest.mark.parametrize(
    ("code", "evidence"),
    [
        ("def runs(values):\n    return [[value] for value in values]", "([3, 3, 3]): [[3], [3], [3]], the seed [[3, 3, 3]]"),
        (RIGHT.replace("list(group)", "tuple(group)"), "([3, 3, 3]): [(3, 3, 3)], the seed"),
        (RIGHT.replace("raise ValueError", "return []"), "([]): [], the seed raises ValueError"),
        (RIGHT.replace("raise ValueError", "raise KeyError"), "([]): raises KeyError, the seed raises ValueError"),
        (RIGHT.replace("    return", "    values.append(0)\n    values.pop(0)\n    return"), "arguments changed to"),
        ("def runs(values):\n    while True:\n        pass", "nothing comparable in time"),
        ("import os\ndef runs(values):\n    os._exit(0)", "nothing comparable in time"),
        (FORGES, "the seed [[3, 3, 3]]"),
        (SENDS_ODD_SHAPES, "nothing comparable was answered"),
    ],
    ids=["value", "type", "no exception", "exception", "arguments", "loop", "exit", "forged answers", "odd shapes"],
)  # fmt: skip
def test_a_response_that_answers_otherwise_is_rejected_with_the_call(pool: Pool, code: str, evidence: str) -> None:
    found = compare(pool, code)
    assert isinstance(found, Rejection)
    assert found.rule == "unlike_seed"
    assert evidence in found.evidence


def test_variants_find_what_the_calls_of_the_tests_do_not(pool: Pool) -> None:
    special = "def runs(values):\n    return [[1, 1], [2]] if values == [1, 1, 2] else [list(values)]"
    found = compare(pool, special, tests="assert runs([1, 1, 2]) == [[1, 1], [2]]")
    assert isinstance(found, Rejection)
    assert found.rule == "unlike_seed"
    assert found.evidence.startswith("variant ")


@pytest.mark.parametrize(
    ("seed", "tests", "evidence"),
    [
        ("import nothing_of_this_name", TESTS, "ModuleNotFoundError"),
        (SEED, "assert True", "the tests never call it"),
        (
            "import itertools\ncount = itertools.count()\ndef runs(values):\n    return next(count)",
            "runs(1)",
            "answers 0",
        ),
    ],
    ids=["does not load", "never called", "changes from call to call"],
)
def test_a_seed_that_cannot_answer_is_no_oracle(pool: Pool, seed: str, tests: str, evidence: str) -> None:
    found = compare(pool, RIGHT, seed, tests)
    assert isinstance(found, Rejection)
    assert found.rule == "seed_silent"
    assert evidence in found.evidence


def test_a_response_without_the_function_is_rejected_for_that(pool: Pool) -> None:
    found = compare(pool, "def groups(values):\n    return []")
    assert isinstance(found, Rejection)
    assert found.rule == "function_missing"
