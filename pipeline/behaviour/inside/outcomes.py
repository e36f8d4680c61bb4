"""Runs inside the sandbox: outcomes of calls in a form that can be compared and sent between processes.

A list and a tuple of the same items count as equal, as do a set and a list of its items, an iterator and the list of
what it yields, and floats that differ by rounding: none of these makes another task of one.
"""

from __future__ import annotations

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from typing import Any

MOST_ITEMS = 2_000  # of one value, at all levels together
MOST_BITS = 8_000  # of one number: Python refuses to write some thousands of digits
_DEEPEST = 12
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9


class NoOutcome(Exception):
    """A value that cannot be compared: an object of a class of its own, or one that is too large."""


def plain(value: Any) -> Any:
    """The value as nested lists, dicts, numbers and texts; a set is a tuple of its items in order."""
    return _plain(value, 0, [MOST_ITEMS])


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > _DEEPEST or left[0] < 0:
        raise NoOutcome
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise NoOutcome
    if value is None or isinstance(value, bool | int | float | complex | bytes):
        return value
    if isinstance(value, str):
        return value[:10_000]
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1, left) for item in value]
    if isinstance(value, set | frozenset):
        return tuple(sorted((_plain(item, depth + 1, left) for item in value), key=repr))
    if isinstance(value, dict):
        return {repr(_plain(key, depth + 1, left)): _plain(item, depth + 1, left) for key, item in value.items()}
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return _plain(value.tolist(), depth + 1, left)
    if hasattr(value, "__next__") or type(value).__name__ in ("deque", "dict_keys", "dict_values", "range", "map"):
        items = []
        for item in value:
            items.append(_plain(item, depth + 1, left))
        return items
    raise NoOutcome


def differ(value: Any, expected: Any) -> bool:
    """Whether a value cannot be `same` as a plain one once it is plain, as far as its type and length tell."""
    kind = type(value)
    if kind in _SEQUENCES:
        return type(expected) not in _SEQUENCES or len(value) != len(expected)
    return kind in _SINGLE and type(expected) in _SEQUENCES


_SEQUENCES = {list, tuple, set, frozenset}
_SINGLE = {type(None), bool, int, float, str, bytes}


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal but for rounding and the kind of their sequences."""
    if isinstance(one, tuple) or isinstance(other, tuple):
        if not isinstance(one, list | tuple) or not isinstance(other, list | tuple):
            return False
        return _all_same(sorted(one, key=repr), sorted(other, key=repr))
    if isinstance(one, list):
        return isinstance(other, list) and _all_same(one, other)
    if isinstance(one, dict):
        if not isinstance(other, dict) or one.keys() != other.keys():
            return False
        return all(same(one[key], other[key]) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        return _close(one, other)
    return bool(one == other)


def _all_same(some: Any, others: Any) -> bool:
    return len(some) == len(others) and all(same(a, b) for a, b in zip(some, others, strict=True))


def _close(one: Any, other: Any) -> bool:
    numbers = int | float
    if not isinstance(one, numbers) or not isinstance(other, numbers):
        return False
    if one != one or other != other:
        return one != one and other != other
    return one == other or abs(one - other) <= max(_RELATIVE * max(abs(one), abs(other)), _ABSOLUTE)
