"""Writes tests for tasks that come with inputs: outputs are compared with the solution's, or with published ones.

Numbers are compared within the task's tolerance, nan equals nan, and inf and nan may stand in the inputs.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from pipeline.text.normalise import parse

MOST_CHARS = 200_000  # of the inputs of one task; what is more is left out evenly
_COMPARE = """\
import copy
from math import inf, nan


def _same(one, other, tolerance):
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(_same(a, b, tolerance) for a, b in zip(one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key], tolerance) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        if one != one or other != other:
            return one != one and other != other
        return one == other or abs(one - other) <= max(tolerance, 1e-7 * abs(other))
    return one == other


"""


def differential(solution: str, entry_point: str, base: Sequence[Any], more: Sequence[Any], tolerance: float) -> str:
    """Tests that compare with the solution on all base inputs, and on as many further ones as there is room for."""
    inputs = [repr(arguments) for arguments in base]
    texts = [repr(arguments) for arguments in more]
    room = max(0, MOST_CHARS - sum(map(len, inputs)))
    step = max(1, -(-sum(map(len, texts)) // room)) if room else len(texts) + 1
    inputs += texts[::step]
    return (
        f"{_COMPARE}_reference = {{}}\nexec({solution!r}, _reference)\n"
        f"for _input in [{', '.join(inputs)}]:\n"
        f"    _wanted = _reference[{entry_point!r}](*copy.deepcopy(_input))\n"
        f"    assert _same({entry_point}(*copy.deepcopy(_input)), _wanted, {tolerance!r})\n"
    )


def published_cases(tests: str, entry_point: str) -> str:
    """The cases of MBPP+ on the hub, lists `inputs` and `results`, as tests that need no other package; "" if none."""
    tree = parse(tests)
    found: dict[str, str] = {}
    for node in tree.body if tree else ():
        match node:
            case ast.Assign(targets=[ast.Name("inputs" | "results" as name)], value=value):
                found[name] = ast.unparse(value)
    if len(found) < 2 or not entry_point:
        return tests
    return (
        f"{_COMPARE}for _input, _wanted in zip({found['inputs']}, {found['results']}):\n"
        f"    assert _same({entry_point}(*copy.deepcopy(_input)), _wanted, 1e-6)\n"
    )
