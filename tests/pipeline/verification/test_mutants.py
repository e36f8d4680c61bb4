"""Mutants: one small mistake each, in the order in which they tell most."""

from __future__ import annotations

import ast

import pytest

from pipeline.verification.inside.values import changed
from pipeline.verification.instrument import reporting_asserts, reporting_calls, uses_hashes
from pipeline.verification.mutants import mutants


def sources(code: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for mutant in mutants(code, 100):
        found.setdefault(mutant.operator, []).append(mutant.source)
    return found


@pytest.mark.parametrize(
    ("code", "operator", "mutant"),
    [
        ("def f(a):\n    return a + a", "arithmetic", "def f(a):\n    return a - a"),
        ("def f(a):\n    a *= 2", "arithmetic", "def f(a):\n    a += 2"),
        ("x = a < b", "comparison", "x = a <= b"),
        ("x = a and b", "boolean", "x = a or b"),
        ("if a:\n    b()", "condition", "if not a:\n    b()"),
        ("x = 3", "constant", "x = 4"),
        ("x = True", "constant", "x = False"),
        ("x = 'a'", "constant", "x = 'a~'"),
        ("a.append(b)", "deletion", "None"),
        ("def f(a):\n    return a", "return", "def f(a):\n    return __more__(a)"),
        ("f = lambda a: a", "return", "f = lambda a: __other__(a)"),
    ],
)
def test_each_operator_makes_its_mistake(code, operator, mutant):
    assert mutant in sources(code)[operator]


def test_docstrings_and_annotations_are_no_code():
    code = 'def f(a: "int") -> "str":\n    """Text."""\n    return a'
    assert set(sources(code)) == {"return"}


def test_a_mutant_names_the_function_that_it_is_in():
    code = "class A:\n    def f(self):\n        return 1\n\ndef g():\n    return 2\n"
    assert {mutant.function for mutant in mutants(code, 100)} == {"A.f", "g"}


def test_mutants_are_bounded_distinct_and_parse():
    code = "def f(a):\n    return [" + ", ".join(f"a + {n}" for n in range(50)) + "]\n"
    made = mutants(code, 20)
    assert len({mutant.source for mutant in made}) == len(made) == 20
    assert [mutant.operator for mutant in made[:3]] == ["return", "return", "arithmetic"]
    assert all(ast.parse(mutant.source) for mutant in made)


@pytest.mark.parametrize("code", ["def", "", "\0"])
def test_what_is_no_code_has_no_mutants(code):
    assert mutants(code, 10) == []


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize(
    "value",
    [0, 1, -1, 2.5, float("inf"), True, "", "aba", b"x", [], [1, 2], (1,), (), {1, 2}, set(), {"a": 1}, {}, [[1]], 1j],
    ids=repr,
)  # fmt: skip
def test_a_changed_value_is_another_of_the_same_type(value, way):
    other = changed(value, way)
    assert type(other) is type(value)
    assert other != value


def test_instrumented_code_does_the_same():
    code = 'def f(a):\n    """Doc."""\n    return a + 1\n\nclass A:\n    def m(self):\n        return f(1)\n'
    called: list[str] = []
    names = {"__called__": called.append}
    exec(reporting_calls(code), names)
    assert names["A"]().m() == 2
    assert names["f"].__doc__ == "Doc."
    assert called == ["A.m", "f"]


def test_every_executed_assert_is_counted():
    count: list[int] = []
    tests = "for n in range(3):\n    assert n >= 0\nif False:\n    assert 0\nobject.assertTrue(True)\n"
    asserting = type("O", (), {"assertTrue": staticmethod(lambda _: None)})
    exec(reporting_asserts(tests), {"__asserted__": lambda: count.append(1), "object": asserting})
    assert len(count) == 4


def test_sets_and_hashes_are_seen():
    assert uses_hashes("x = {1}") and uses_hashes("hash(1)") and not uses_hashes("x = {1: 2}")
