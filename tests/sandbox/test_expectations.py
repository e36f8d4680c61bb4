"""A check that expects another value is false wherever it was true."""

from __future__ import annotations

import ast

import pytest

from sandbox.expectations import expect_otherwise

TRUE = [
    "x == 3", "3 == x", "x == -3 + 6", "y == [1, 2]", "t == 'a'", "e == {}", "n == None", "x == 3.0", "b == True",
    "h == 1e300", "h == 2 * 5e299", "i == float('inf') or i == 1e999", "isclose(x, 3.0)", "abs(x - 3) < 1e-9",
    "abs(3.0 - x) <= 0.5", "p == (1, 'a')", "s == {1, 2}", "d == {'a': [1]}", "c == 1j", "x == 3 and t == 'a'",
    "z == b'a'", "nothing == set()", "m == 2**100", "x == -(1 - 4)", "nested == [(1, {'a': None})]",
]  # fmt: skip
NAMES = {
    "x": 3, "y": [1, 2], "t": "a", "e": {}, "n": None, "b": True, "h": 1e300, "i": float("inf"), "p": (1, "a"),
    "s": {1, 2}, "nothing": set(), "d": {"a": [1]}, "c": 1j, "z": b"a", "m": 2**100, "nested": [(1, {"a": None})],
    "isclose": __import__("math").isclose, "f": lambda: 3,
}  # fmt: skip
UNNAMED = ["x > 2", "x != 4", "y", "not e", "x == f()", "1 == 1", "x in y", "x is n", "isinstance(x, int)"]


@pytest.mark.parametrize("text", TRUE)
def test_a_true_check_becomes_false(text):
    assert eval(text, NAMES)
    check = ast.parse(f"assert {text}").body[0]
    if not expect_otherwise(check):
        assert " or " in text  # either side may hold: no value is named for certain
        return
    assert not eval(ast.unparse(ast.fix_missing_locations(check.test)), NAMES)


@pytest.mark.parametrize("text", UNNAMED)
def test_a_check_that_names_no_expected_value_stays_as_it_is(text):
    check = ast.parse(f"assert {text}").body[0]
    assert not expect_otherwise(check)
    assert ast.unparse(check) == f"assert {text}"


@pytest.mark.parametrize("name", ["assertGreaterEqual", "assertLessEqual", "assertNotEqual", "assertNotAlmostEqual"])
def test_an_assertion_that_holds_of_many_values_names_none(name):
    assert not expect_otherwise(ast.parse(f"self.{name}(x, 0)").body[0])


@pytest.mark.parametrize("name", ["assertEqual", "assertAlmostEqual", "assertListEqual", "assert_allclose"])
def test_an_assertion_of_equality_names_its_value(name):
    assert expect_otherwise(ast.parse(f"self.{name}(x, 0)").body[0])
