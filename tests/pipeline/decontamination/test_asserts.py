"""A benchmark's asserts in a row's tests are found under any name; asserts that everybody writes are not."""

import pytest

from pipeline.decontamination.asserts import Asserts
from pipeline.packs.layouts import Task

HUMAN_EVAL = """
def check(candidate):
    assert candidate([4, 8, 15, 16], 23) == [23, 42]
    assert candidate([108], 77) == []
    assert candidate("the numbers", 4815) is True
check(series)
"""
EXAMPLES = "Add up the tolls.\n\n>>> toll([31, 47], 'north')\n78\n>>> toll([62], 'south')\n-62\n"
PLAIN = "assert total([]) == 0\nassert total([1, 2, 3]) == 6\nassert total([5]) == 5\n"


def found(tests: str) -> list[int]:
    tasks = [
        Task("p", "0", ("Series.",), (), "series", "", HUMAN_EVAL),
        Task("p", "1", (EXAMPLES,), (), "toll"),
        Task("p", "2", ("Total.",), (), "total", "", PLAIN),
    ]
    return [number for number, _, _ in Asserts(tasks).find(tests)]


@pytest.mark.parametrize(
    "tests",
    [
        "assert f([4, 8, 15, 16], 23) == [23, 42]\nassert f([108], 77) == []\n",
        "assert [23, 42] == f((4, 8, 15, 16), 23)\nassert f('the numbers', 4815)\n",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        self.assertEqual(f([4, 8, 15, 16], 23), [23, 42])\n        self.assertTrue(f('the numbers', 4815))\n",
    ],
)
def test_the_tasks_asserts_are_found_under_another_name_and_in_another_form(tests):
    assert found(tests) == [0]


def test_the_examples_of_a_statement_are_found_as_well():
    assert found("assert g([31, 47], 'north') == 78\nassert g([62], 'south') == -62\n") == [1]


@pytest.mark.parametrize(
    "tests",
    [
        PLAIN,  # every function over lists has these
        "assert f([4, 8, 15, 16], 23) == [23, 42]\n",  # one alone
        "assert f([4, 8, 15, 16], 24) == [23, 42]\nassert f([108], 77) == [1]\n",
        "not python (",
        "",
    ],
)
def test_common_single_and_other_asserts_are_not(tests):
    assert found(tests) == []
