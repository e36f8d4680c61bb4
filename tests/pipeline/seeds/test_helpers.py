"""What a definition takes along of its module and class, and generators as seeds."""

from __future__ import annotations

import pytest

from pipeline.seeds import rules, typecheck
from pipeline.seeds.definitions import Definition, definitions

MODULE = '''\
"""A module."""
import dataclasses
import json
import math

LIMIT = 3
UNUSED = json.dumps(4)


def _scale(x):
    return x * LIMIT


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


class Base:
    unit = LIMIT


@dataclasses.dataclass
class Point(Base):
    """P."""

    x: float = math.pi
    y: float = 0.0

    def norm(self) -> float:
        """Norm."""
        return math.hypot(self.x, self.y) * self._twice(self.unit)

    @staticmethod
    def _twice(v):
        return _scale(v) * 2

    def unrelated(self):
        return json.loads("1")


def count(n):
    """Yields."""
    for i in range(n):
        yield _scale(i)


def parities(numbers):
    """Parities."""
    return [even(number) for number in numbers]


def alone(x):
    """Alone."""
    _scale = 2
    return x * _scale
'''


def found(name: str, text: str = MODULE, helpers: bool = True) -> Definition:
    every = definitions(text, frozenset({"functions", "methods"}), helpers)
    return next(item for item in every if isinstance(item, Definition) and item.name == name)


@pytest.mark.parametrize(
    ("name", "with_it", "without"),
    [
        ("count", ["LIMIT = 3", "def _scale"], ["UNUSED", "json", "even", "Base"]),
        ("parities", ["def even", "def odd"], ["_scale", "LIMIT"]),
        (
            "Point.norm",
            ["LIMIT = 3", "def _scale", "class Base", "@dataclasses.dataclass", "x: float", "def _twice"],
            ["UNUSED", "json", "unrelated", '"""P."""'],
        ),
        ("alone", [], ["LIMIT", "def _scale"]),
    ],
)
def test_what_a_definition_needs_goes_along_and_nothing_else(name, with_it, without):
    code = found(name).code
    assert [text for text in with_it if text not in code] == []
    assert [text for text in without if text in code] == []
    # Own lines, as they stand in the file.
    assert found(name).first_line == found(name, helpers=False).first_line
    compile(code, name, "exec")


def test_without_the_key_a_definition_is_alone():
    assert "_scale(i)" in found("count", helpers=False).code
    assert "def _scale" not in found("count", helpers=False).code


def test_with_its_helpers_a_definition_passes_the_type_check():
    names = ("count", "parities", "Point.norm")
    alone = typecheck.faults({name: found(name, helpers=False).code for name in names})
    assert alone.keys() == set(names)
    assert typecheck.faults({name: found(name).code for name in names}) == {}


def test_a_definition_with_more_lines_than_allowed_among_its_helpers_is_too_long():
    helper = "def help(x):\n" + "    x += 1\n" * 30 + "    return x\n\n\n"
    seed = found("f", helper + 'def f(x):\n    """D."""\n    return help(x)\n')
    assert rules.rejected(seed, rules.Limits(max_lines=20)).rule == "too_long"
    assert rules.rejected(seed, rules.Limits(max_lines=60)) is None


def test_a_helper_of_its_own_package_counts_as_its_own_import():
    text = 'from .other import g\n\ndef help(x):\n    return g(x)\n\ndef f(x):\n    """D."""\n    return help(x)\n'
    assert rules.rejected(found("f", text), rules.Limits()).rule == "relative_import"


@pytest.mark.parametrize(
    ("body", "generators", "without"),
    [
        ("yield x", None, "no_returned_value"),
        ("yield from x", None, "no_returned_value"),
        ("y = yield x\n    print(y)", None, "no_returned_value"),
        ("yield", "no_returned_value", "no_returned_value"),
        ("def g():\n        yield x\n    print(g)", "no_returned_value", "no_returned_value"),
        ("print(x)", "no_returned_value", "no_returned_value"),
        ("return x", None, None),
    ],
)
def test_a_generator_is_a_seed_where_generators_are_wanted(body, generators, without):
    seed = found("f", f'def f(x):\n    """D."""\n    {body}\n')
    for wanted, rule in ((True, generators), (False, without)):
        rejection = rules.rejected(seed, rules.Limits(generators=wanted))
        assert (rejection.rule if rejection else None) == rule


NEW_SYNTAX = {
    "except A, B": "def f(x):\n    '''D.'''\n    try:\n        return int(x)\n    except ValueError, TypeError:\n        return 0\n",
    "a template string": "def f(x):\n    '''D.'''\n    return t'{x}'\n",
    "a default of a type parameter": "def f[T = int](x: T) -> T:\n    '''D.'''\n    return x\n",
    "defaults of several": "def f[T: (int, str) = int, *Ts = *tuple[int, ...], **P = [int]](x: T) -> T:\n"
    "    '''D.'''\n    return x\n",
}  # fmt: skip


@pytest.mark.parametrize("text", NEW_SYNTAX.values(), ids=NEW_SYNTAX.keys())
def test_newer_syntax_is_read_and_shown_as_it_stands(text):
    seed = found("f", text, helpers=False)
    assert rules.rejected(seed, rules.Limits()) is None
    assert seed.code == text


def test_newer_syntax_passes_the_type_check():
    assert typecheck.faults(NEW_SYNTAX) == {}


def test_a_method_keeps_the_type_parameters_of_its_class():
    text = "class Box[T = int]:\n    def first(self, x: T) -> T:\n        '''D.'''\n        return x\n"
    assert found("Box.first", text, helpers=False).code == text
