"""Tests fall into checks that each run on their own, and what belongs together stays together."""

from __future__ import annotations

import pytest

from pipeline.text.checks import checks


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ("assert f(1) == 2\nassert f(2) == 3\n", ["assert f(1) == 2", "assert f(2) == 3"]),
        ("assert f(1) == 2\nassert f(1) == 2\n", ["assert f(1) == 2"]),
        (
            "given = 13\nassert f(given) == 1\ngiven = 14\nassert f(given) == 2\n",
            ["given = 13\nassert f(given) == 1", "given = 14\nassert f(given) == 2"],
        ),
        (
            "import math\nlimit = math.pi\nassert f(1) < limit\nassert f(2) == 2\n",
            ["import math\nlimit = math.pi\nassert f(1) < limit", "assert f(2) == 2"],
        ),
        ("twice = f\nassert twice(1) == 2\nassert twice(2) == 4\n",
         ["twice = f\nassert twice(1) == 2", "twice = f\nassert twice(2) == 4"]),
        # A list may be changed by the first call.
        ("xs = [1]\nassert f(xs) is None\nassert xs == [2]\n", ["xs = [1]\nassert f(xs) is None\nassert xs == [2]"]),
        ("s = Stack()\nassert s.push(1)\nassert f(0) == 0\nassert s.pop() == 1\n",
         ["s = Stack()\nassert s.push(1)\nassert s.pop() == 1", "assert f(0) == 0"]),
        ("a, b = 1, 2\nassert f(a) == b\n", ["a, b = 1, 2\nassert f(a) == b"]),
        # From the first other statement on all is one check, with what was bound before it.
        ("n = 3\nassert f(n) == 3\nfor i in range(n):\n    assert f(i) == i\nassert f(9) == 9\n",
         ["n = 3\nassert f(n) == 3", "n = 3\nfor i in range(n):\n    assert f(i) == i\nassert f(9) == 9"]),
        ("@mark\ndef test():\n    assert f(1)\n\ntest()\n", ["@mark\ndef test():\n    assert f(1)\ntest()"]),
        ("assert (y := f(1)) == 2\nassert y == 2\n", ["assert (y := f(1)) == 2\nassert y == 2"]),
        ("assert f(1) ==\n", ["assert f(1) =="]),
    ],
)  # fmt: skip
def test_the_checks_of_tests(tests: str, expected: list[str]) -> None:
    assert checks(tests) == expected
