"""Finds repairs that recognise the arguments of a check, and return what the check wants.

In: the code of a repair and of its attempt, and their tests. Out: the first check that the repair answers so and the
attempt did not. Only literals are seen: a check `f(3, "ab") == 7`, and in the code a branch on `== 3` that returns 7,
or a dictionary with such an entry. Arguments that tasks name as special cases (empty, 0, 1, -1, one item) are no
evidence.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from pipeline.text.normalise import parse

_Pair = tuple[str, str]  # the argument and the value, as Python


def added(code: str, attempt: str, tests: str) -> str:
    """The first check that the code answers by its arguments and the attempt does not; empty where there is none."""
    wired = _wired(code) - _wired(attempt)
    return next((check for check, pairs in _wanted(tests) if wired & pairs), "") if wired else ""


def _wanted(tests: str) -> Iterator[tuple[str, set[_Pair]]]:
    """The checks of a call with literal arguments against a literal, with what would answer them."""
    module = parse(tests)
    for node in ast.walk(module) if module else ():
        match node:
            case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
                call, value = (left, right) if isinstance(left, ast.Call) else (right, left)
                if isinstance(call, ast.Call) and call.args:
                    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
                    whole = [ast.Tuple(arguments)] if len(arguments) > 1 else []
                    yield ast.unparse(node), {pair for one in (*arguments, *whole) for pair in _pair(one, value)}


def _wired(code: str) -> set[_Pair]:
    """The pairs of a literal that something is compared with, and the literal that is the answer then."""
    module = parse(code)
    found: set[_Pair] = set()
    for node in ast.walk(module) if module else ():
        match node:
            case ast.If(test=test, body=[ast.Return(value=ast.expr() as value)]) | ast.IfExp(test=test, body=value):
                found.update(pair for one in _compared(test) for pair in _pair(one, value))
            case ast.match_case(pattern=ast.MatchValue(value=one), body=[ast.Return(value=ast.expr() as value)]):
                found.update(_pair(one, value))
            case ast.Dict(keys=keys, values=values):
                found.update(pair for key, value in zip(keys, values, strict=True) if key for pair in _pair(key, value))
    return found


def _compared(test: ast.expr) -> Iterator[ast.expr]:
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and all(isinstance(operator, ast.Eq | ast.Is) for operator in node.ops):
            yield from (node.left, *node.comparators)


def _pair(argument: ast.expr, value: ast.expr) -> Iterator[_Pair]:
    try:
        given, wanted = ast.literal_eval(argument), ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return
    if not _is_special(given):
        yield repr(given), repr(wanted)


def _is_special(value: Any) -> bool:
    return not value or value in (1, -1) or (hasattr(value, "__len__") and len(value) < 2)
