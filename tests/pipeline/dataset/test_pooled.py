"""Tests of agreeing responses are pooled where they are checks and nothing else."""

from __future__ import annotations

import pytest

from pipeline.dataset.pooled import together

CODE = "def double(x):\n    return 2 * x\n"


def response(tests: str, code: str = CODE) -> dict[str, str]:
    return {"code": code, "tests": tests}


def pool(*others: dict[str, str], own: str = "assert double(1) == 2\n") -> str:
    return together(response(own), others)


def test_the_rows_own_tests_come_last_because_they_may_end_the_program() -> None:
    assert pool(response("assert double(3) == 6\n")) == "assert double(3) == 6\nassert double(1) == 2\n"


def test_tests_of_another_name_call_the_rows_function_by_it() -> None:
    pooled = pool(response("assert twice(3) == 6\n", CODE.replace("double", "twice")))
    assert pooled == "twice = double\nassert twice(3) == 6\nassert double(1) == 2\n"
    exec(CODE + pooled, {})
    with pytest.raises(AssertionError):
        exec(CODE.replace("2 * x", "2") + pooled, {})


def test_the_same_tests_are_taken_once() -> None:
    assert pool(response("assert double(1) == 2"), response("given = 4\nassert double(given) == 8\n"),
                response("given = 4\nassert double(given) == 8\n")).count("assert") == 2  # fmt: skip


@pytest.mark.parametrize(
    "tests",
    [
        "import unittest\nunittest.main()\n",
        "raise SystemExit\n",
        "def double(x):\n    return 0\nassert double(1) == 0\n",
        "double = abs\nassert double(1) == 1\n",
        "from math import fabs as double\nassert double(1) == 1\n",
        "assert double(1) ==\n",
        "assert (double := abs)(1) == 1\n",
    ],
)
def test_tests_that_do_more_than_check_are_left_out(tests: str) -> None:
    assert pool(response(tests)) == "assert double(1) == 2\n"


def test_a_name_that_the_response_uses_as_a_global_keeps_its_value() -> None:
    row = response("assert size([1]) == 1\n", "def size(xs):\n    return len(xs)\n")
    changing, fine = (response(f"{name} = [1, 2]\nassert size({name}) == 2\n", row["code"]) for name in ("len", "xs"))
    assert together(row, [changing]) == row["tests"]
    assert "xs = [1, 2]" in together(row, [fine])
