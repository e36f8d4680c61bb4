"""Finds a benchmark's tests in a row: calls with the same arguments and the same expected value, under any name.

In: the tests of tasks, the doctests and asserts in their statements, the tests of a row. A fact is a list of literal
arguments with the value that is expected; two programs that share several are tests of the same function. Facts of
small arguments alone (`f([]) == 0`, `f([1, 2, 3]) == 6`) are written twice by accident.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.packs.layouts import Task
from pipeline.text.normalise import parse

_MOST_CHARS = 200_000  # of one text of tests
_LEAST_SHARE = 0.5  # of the row's facts, or of the task's
_LEAST_FACTS = 2
# Least number of uncommon constants in the shared facts together; and where they are all the task has, three or more.
_LEAST_WEIGHT = 4
_LEAST_WEIGHT_OF_ALL = 2
_ALL = 3
_PLAIN = frozenset({"0", "1", "2", "3", "4", "5", "-1", "10", "True", "False", "None", "''"})


@dataclass(frozen=True, slots=True)
class Fact:
    """Arguments and expected value of a call in one text; `weight` is the number of its uncommon constants."""

    text: str
    weight: int


class Asserts:
    """The facts of all tasks, searchable by those of a row."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._owners: dict[str, list[int]] = {}
        self._counts: list[int] = []
        for number, task in enumerate(tasks):
            facts = {fact.text for text in (task.tests, *map(examples, task.texts)) for fact in facts_in(text)}
            self._counts.append(len(facts))
            for text in facts:
                self._owners.setdefault(text, []).append(number)

    def find(self, tests: str) -> Iterator[tuple[int, float, str]]:
        """(task number, score, evidence) for each task whose tests the row's tests repeat."""
        facts = {fact.text: fact.weight for fact in facts_in(tests)} if self._owners else {}
        shared: Counter[int] = Counter()
        weights: Counter[int] = Counter()
        for text, weight in facts.items():
            for number in self._owners.get(text, ()):
                shared[number] += 1
                weights[number] += weight
        for number, count in shared.items():
            share = count / min(len(facts), self._counts[number])
            whole = count == self._counts[number] >= _ALL
            least = _LEAST_WEIGHT_OF_ALL if whole else _LEAST_WEIGHT
            if count >= _LEAST_FACTS and share >= _LEAST_SHARE and weights[number] >= least:
                yield number, share, f"{count} of its {len(facts)} asserts are those of the task"


def examples(text: str) -> str:
    """The examples of a problem's statement as asserts: those of doctests, and lines that are asserts."""
    lines = [line.strip() for line in text.split("\n") if line.strip().startswith("assert ")]
    if ">>>" in text:
        try:
            import doctest  # with a debugger and unittest: for statements that hold examples

            found = doctest.DocTestParser().get_examples(text)
        except ValueError:  # inconsistent indentation
            found = []
        lines += [f"assert {one.source.strip()} == {one.want.strip()}" for one in found if one.want.strip()]
    return "\n".join(line for line in lines if parse(line))


def facts_in(tests: str) -> Iterator[Fact]:
    """The facts of a text of tests; none of one that does not parse."""
    tree = parse(tests[:_MOST_CHARS])
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Assert(test=test):
                yield from _of_test(test, True)
            case ast.Call(func=ast.Attribute(attr="assertEqual" | "assertAlmostEqual"), args=[one, other, *_]):
                yield from _of_pair(one, other)
            case ast.Call(func=ast.Attribute(attr="assertTrue" | "assertFalse" as name), args=[test, *_]):
                yield from _of_test(test, name == "assertTrue")


def _of_test(test: ast.expr, holds: bool) -> Iterator[Fact]:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield from _of_test(inner, not holds)
        case ast.Compare(left=one, ops=[ast.Eq() | ast.Is()], comparators=[other]) if holds:
            yield from _of_pair(one, other)
        case ast.Call(func=ast.Attribute(attr="isclose") | ast.Name(id="isclose"), args=[one, other, *_]) if holds:
            yield from _of_pair(one, other)
        case ast.Call():
            yield from _of_pair(test, ast.Constant(holds))


def _of_pair(one: ast.expr, other: ast.expr) -> Iterator[Fact]:
    call, expected = (one, other) if isinstance(one, ast.Call) else (other, one)
    while isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _WRAPPERS:
        if len(call.args) != 1 or not isinstance(call.args[0], ast.Call):
            return
        call = call.args[0]
        while isinstance(expected, ast.Call) and len(expected.args) == 1:
            expected = expected.args[0]
    if not isinstance(call, ast.Call) or call.keywords:
        return
    try:
        values = [_flat(ast.literal_eval(part)) for part in (*call.args, expected)]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return
    yield Fact(repr(values), len(set(_atoms(values)) - _PLAIN))


_WRAPPERS = frozenset({"set", "sorted", "list", "tuple", "round", "len", "dict", "str"})


def _flat(value: Any) -> Any:
    """The value with its tuples as lists and its sets in order."""
    if isinstance(value, list | tuple):
        return [_flat(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_flat(item) for item in value), key=repr)
    if isinstance(value, dict):
        return [[_flat(key), _flat(item)] for key, item in value.items()]
    return value


def _atoms(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _atoms(item)
    elif isinstance(value, str) and " " in value:
        yield from (repr(word) for word in value.split())
    else:
        yield repr(value)
