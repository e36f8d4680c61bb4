"""Whether what an answer's function returned is what a benchmark expects, by the comparison that a task names.

Runs in the sandbox. Every function takes what was returned, the expected output, the output of the task's second
solution (None without one), the arguments, and the absolute tolerance; it returns a truth value or raises.
"""

from __future__ import annotations

import itertools

MYPY = False
if MYPY:
    from typing import Any

RTOL = 1e-7  # of numpy.testing.assert_allclose, which EvalPlus follows
FLOAT_ATOL = 1e-6  # where a pack gives no tolerance and floats are expected
_EVOEVAL_RTOL = 1e-5  # numpy.allclose's own


def exact_or_close(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """EvalPlus's rule: equal, or of one type and close where floats are expected or the pack gives a tolerance."""
    if not atol and _is_floats(expected):
        atol = FLOAT_ATOL
    if out == expected:
        return True
    return bool(atol) and type(out) is type(expected) and _close(out, expected, RTOL, atol)


def either(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """The task's text can be read in two ways, which its two solutions follow."""
    return bool(out == second) or exact_or_close(out, expected, second, arguments, atol)


def same_set(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """The order and the number of the elements do not matter."""
    return set(out) == set(expected)


def not_none(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """Anything but None stands for true, as a match of a regular expression does."""
    return (out if isinstance(out, bool) else out is not None) == (expected is not None)


def anything(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """The task leaves open what is right: the function has to return."""
    return True


def root(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """A zero of the polynomial whose coefficients are the first argument."""
    return abs(_polynomial(arguments[0], out)) <= atol


def typed(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """EvoEval's rule: of one type at every depth; floats are close."""
    kind = _kind(expected)
    if kind != _kind(out):
        return False
    if kind == "floats":
        return _close(out, expected, _EVOEVAL_RTOL, FLOAT_ATOL, equal_nan=True)
    if kind in ("list", "tuple"):
        return len(out) == len(expected) and all(
            typed(one, other, None, None, atol) for one, other in zip(out, expected, strict=False)
        )
    if kind == "dict":
        return len(out) == len(expected) and all(
            key in out and typed(out[key], value, None, None, atol) for key, value in expected.items()
        )
    return bool(out == expected)


def mirrored_text(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """A palindrome of the expected length that starts with the argument, upper and lower case alike."""
    low = out.lower()
    return len(out) == len(expected) and out.startswith(arguments[0]) and bool(low == low[::-1])


def root_between(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """A zero within the interval of the second argument; None where the expected output is."""
    if expected is None:
        return out is None
    start, end = arguments[1]
    return start <= out <= end and abs(_polynomial(arguments[0], out)) <= 2e-2


def root_of_even_powers(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """A zero of the polynomial whose coefficients, after two, belong to every other power."""
    given = arguments[0]
    spread = [*given[:2], *(part for coefficient in given[2:] for part in (0, coefficient))]
    return abs(_polynomial(spread, out)) <= 1e-6


def way_by_moves(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """Moves that lead through a maze from start to end; none where none are expected."""
    if not expected:
        return bool(out == [])
    maze, (row, column), end = arguments
    steps = {"right": (0, 1), "left": (0, -1), "up": (-1, 0), "down": (1, 0)}
    for move in out:
        row, column = row + steps[move][0], column + steps[move][1]
        if maze[row][column] == 1:
            return False
    return (row, column) == tuple(end)


def way_by_places(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """Neighbouring free places from start to end; none where none are expected."""
    if not expected:
        return bool(out == [])
    maze, start, end = arguments
    near = all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in itertools.pairwise(out))
    free = all(maze[row][column] != 0 for row, column in out)
    return near and free and out[0] == start and bool(out[-1] == end)


def pair_of_product(out: Any, expected: Any, second: Any, arguments: Any, atol: float) -> bool:
    """Two places, in order, of numbers whose product is the second argument; the expected text where there are none."""
    if isinstance(expected, str):
        return bool(out == expected)
    numbers, target = arguments
    first, other = out
    return isinstance(out, tuple) and 0 <= first < other < len(numbers) and numbers[first] * numbers[other] == target


def _polynomial(coefficients: list[float], x: float) -> float:
    return sum(coefficient * float(x) ** power for power, coefficient in enumerate(coefficients))


def _is_floats(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def _close(out: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> bool:
    """numpy.allclose for numbers, and for lists and tuples of them at any depth."""
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(out, (list, tuple))
            and len(out) == len(expected)
            and all(_close(one, other, rtol, atol, equal_nan) for one, other in zip(out, expected, strict=False))
        )
    if not isinstance(out, (int, float, complex)) or not isinstance(expected, (int, float, complex)):
        return False
    if out == expected:
        return True
    if out != out or expected != expected:
        return equal_nan and out != out and expected != expected
    return abs(expected) != float("inf") and abs(out - expected) <= atol + rtol * abs(expected)


def _kind(value: Any) -> str:
    """The kind in EvoEval's sense: lists and tuples of floats alone are of the kind of a float."""
    if isinstance(value, (list, tuple)) and all(isinstance(item, float) for item in value):
        return "floats"
    for kind, name in _KINDS.items():
        if isinstance(value, kind):
            return name
    return "" if value is None else "other"


_KINDS: dict[type, str] = {
    bool: "bool",
    int: "int",
    str: "str",
    float: "floats",
    tuple: "tuple",
    list: "list",
    dict: "dict",
    set: "set",
    type: "type",
}
