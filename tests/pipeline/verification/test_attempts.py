"""Which failed attempt is repaired, what is shown of its failure, and repairs that are none."""

from __future__ import annotations

import re

import pytest

from pipeline.records import Response, Verdict
from pipeline.stages.verdicts import verdict
from pipeline.text.programs import program_text
from pipeline.verification import attempts, hard_wired
from sandbox import Limits, Pool, Program

CHECKS = "assert f(1) == 1\nassert f(2) == 4\nassert f(3) == 9"
IN_FUNCTION = "def check(x, y):\n    assert f(x) == y\n\ncheck(1, 1)\ncheck(2, 4)"
HELPER = "def refused(x):\n    f(x)\n    return False\n\nassert f(1) == 1\nassert refused(2)"
# By name: code and tests of an attempt.
TRIED = {
    "none": ("def f(x):\n    return 7", CHECKS),
    "one": ("def f(x):\n    return x", CHECKS),
    "one, longer": ("def f(x):\n    # a comment\n    return x", CHECKS),
    "two": ("def f(x):\n    return {1: 1, 2: 4}.get(x, 0)", CHECKS),
    "error": ("def f(x):\n    return [1, 4][x - 1]", CHECKS),
    "name": ("def g(x):\n    return x", CHECKS),
    "module": ("import nothing_like_it\n\ndef f(x):\n    return x", CHECKS),
    "syntax": ("def f(x)\n    return x", CHECKS),
    "endless": ("def f(x):\n    while True:\n        pass", CHECKS),
    "function": ("def f(x):\n    return x", IN_FUNCTION),
    "helper": ("def f(x):\n    return {1: 1}[x]", HELPER),
    "message": ("def f(x):\n    return x", "assert f(\n    2\n) == 4, f'it is {f(2)}'"),
}


@pytest.fixture(scope="module")
def tried() -> dict[str, tuple[Response, Verdict]]:
    """The attempts, run in the sandbox."""
    limits = Limits(wall_seconds=10, cpu_seconds=1)
    programs = [Program(name, program_text(code, tests)) for name, (code, tests) in TRIED.items()]
    with Pool(workers=1, limits=limits) as pool:
        verdicts = {result.id: verdict(result) for result in pool.run_many(programs)}
    return {name: (response(name, *TRIED[name]), verdicts[name]) for name in TRIED}


def response(name: str, code: str, tests: str) -> Response:
    return {"id": name, "instruction_id": "i", "sample": 0, "response": code, "code": code, "tests": tests}


def order(tried: dict[str, tuple[Response, Verdict]], *names: str) -> list[str]:
    return [found["id"] for found, _ in attempts.best([tried[name] for name in names])]


def test_the_attempt_that_came_furthest_is_the_best_and_of_equals_the_shortest(
    tried: dict[str, tuple[Response, Verdict]],
) -> None:
    names = ("endless", "one, longer", "none", "two", "one")
    assert order(tried, *names) == ["two", "one", "one, longer", "none", "endless"]


def test_nothing_is_repaired_where_a_response_passed_or_no_tests_can_be(
    tried: dict[str, tuple[Response, Verdict]],
) -> None:
    one, failed = tried["one"]
    assert attempts.best([(one, {**failed, "passed": True}), tried["two"]]) == []
    for tests in ("assert f(1) ==", "print(f(1))"):
        assert attempts.best([({**one, "tests": tests}, failed)]) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("one", ["assert f(2) == 4", "AssertionError"]),
        ("error", ["assert f(3) == 9", "return [1, 4][x - 1]", "IndexError: list index out of range"]),
        ("name", ["assert f(1) == 1", "NameError: name 'f' is not defined"]),
        ("module", ["import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"]),
        ("syntax", ["def f(x)", "SyntaxError: expected ':'"]),
        ("function", ["assert f(x) == y", "check(2, 4)", "AssertionError"]),
        ("helper", ["assert refused(2)", "f(x)", "return {1: 1}[x]", "KeyError: 2"]),
        ("message", ["assert f(", "    2", ") == 4, f'it is {f(2)}'", "AssertionError: it is 2"]),
    ],
)
def test_of_a_failure_the_check_the_way_and_the_error_are_shown(
    tried: dict[str, tuple[Response, Verdict]], name: str, shown: list[str]
) -> None:
    assert attempts.outcome(*tried[name]).splitlines() == shown


def test_of_a_program_that_was_ended_the_limit_is_shown(tried: dict[str, tuple[Response, Verdict]]) -> None:
    assert re.fullmatch("used .* processor time", attempts.outcome(*tried["endless"]))


def test_a_repair_is_the_same_but_for_comments_and_layout() -> None:
    assert attempts.is_same("def f(x):\n    return x\n", "# f\ndef f( x ):\n\n    return (x)\n")
    assert attempts.is_same("def f(x)\n    return x", "def f(x)\n  return x")
    assert not attempts.is_same("def f(x):\n    return x\n", "def f(x):\n    return -x\n")


BEFORE = "def f(n):\n    return n\n"


@pytest.mark.parametrize(
    "code",
    [
        "def f(n):\n    if n == 12:\n        return 144\n    return n\n",
        "def f(n):\n    if 12 == n:\n        return 144\n    elif n == 7:\n        return 49\n    return n\n",
        "def f(n):\n    return 144 if n == 12 else n\n",
        "def f(n):\n    return {12: 144}.get(n, n)\n",
        "def f(n):\n    match n:\n        case 12:\n            return 144\n    return n\n",
    ],
)
def test_a_branch_on_the_arguments_of_a_check_that_returns_what_it_wants_is_hard_wired(code: str) -> None:
    tests = "assert f(1) == 1\nassert f(12) == 144"
    assert hard_wired.added(code, BEFORE, tests) == "assert f(12) == 144"
    assert hard_wired.added(code, code, tests) == "", "what the attempt had is not the repair's"


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("def f(n):\n    return n * n\n", "assert f(12) == 144"),
        (
            "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)\n",
            "assert f(0) == 1\nassert f(4) == 24",
        ),
        ("def f(items):\n    if items == []:\n        return None\n    return max(items)\n", "assert f([]) == None"),
        ("def f(n):\n    if n == 12:\n        return 'dozen'\n    return str(n)\n", "assert f(13) == '13'"),
        ("def f(n):\n    if n > 12:\n        return 144\n    return n\n", "assert f(12) == 144"),
        ("not python", "assert f(12) == 144"),
    ],
)
def test_a_branch_for_a_special_case_is_not(code: str, tests: str) -> None:
    assert hard_wired.added(code, BEFORE, tests) == ""


def test_several_arguments_are_recognised_one_by_one_and_together() -> None:
    tests = "assert f('abc', 12) == [3]"
    for code in (
        "def f(a, b):\n    if a == 'abc' and b == 12:\n        return [3]\n    return []\n",
        "def f(a, b):\n    if (a, b) == ('abc', 12):\n        return [3]\n    return []\n",
    ):
        assert hard_wired.added(code, BEFORE, tests) == "assert f('abc', 12) == [3]"
