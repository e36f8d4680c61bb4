"""Runs inside the sandbox: what a call came to, so that two processes can compare it.

Stricter than outcomes.py, which finds the same task under other forms: here a list is no tuple and True is no 1.
Numbers are equal as Python has it, floats within rounding; what an iterator yields is compared, its type is not.
"""

from __future__ import annotations

import sys

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from typing import Any

_MOST_ITEMS = 2_000  # of one value, at all levels together
_MOST_BITS = 8_000  # of one number: Python refuses to write some thousands of digits
_DEEPEST = 12
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12


class NotComparable(Exception):
    """A value of a class of the program's own, or one that is too large."""


def encoded(value: Any) -> Any:
    """The value as tuples of its kind and its content, which marshal can write. Raises NotComparable."""
    return _encoded(value, 0, [_MOST_ITEMS])


def _encoded(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > _DEEPEST or left[0] < 0:
        raise NotComparable
    kind = type(value)
    if kind is int and value.bit_length() > _MOST_BITS:
        raise NotComparable
    if kind in (int, float):
        return "number", value
    if value is None or kind in (bool, str, bytes, complex):
        return kind.__name__, value
    if isinstance(value, list | tuple):
        name = "list" if isinstance(value, list) else "tuple"
        return name, [_encoded(item, depth + 1, left) for item in value]
    if isinstance(value, set | frozenset):
        return "set", sorted((_encoded(item, depth + 1, left) for item in value), key=repr)
    if isinstance(value, dict):
        items = ((_encoded(key, depth + 1, left), _encoded(item, depth + 1, left)) for key, item in value.items())
        return "dict", sorted(items, key=repr)
    if hasattr(value, "__next__") or kind.__name__ in ("range", "deque", "dict_keys", "dict_values", "dict_items"):
        found = []
        for item in value:
            found.append(_encoded(item, depth + 1, left))
        return "items", found
    text = repr(value)
    if kind.__module__ in sys.stdlib_module_names and " at 0x" not in text:  # such as Decimal, Path, date
        return kind.__name__, text
    raise NotComparable


def equal(one: Any, other: Any) -> bool:
    """Whether two encoded values are equal, floats within rounding."""
    if one[0] != other[0]:
        return False
    if one[0] == "number":
        return _close(one[1], other[1])
    if one[0] in ("list", "tuple", "set", "items"):
        return _all_equal(one[1], other[1])
    if one[0] == "dict":
        return len(one[1]) == len(other[1]) and all(
            equal(key, same) and equal(item, its) for (key, item), (same, its) in zip(one[1], other[1], strict=True)
        )
    return bool(one[1] == other[1])


def _all_equal(some: Any, others: Any) -> bool:
    return len(some) == len(others) and all(equal(a, b) for a, b in zip(some, others, strict=True))


def _close(one: float, other: float) -> bool:
    if one == other or (one != one and other != other):
        return True
    if isinstance(one, int) and isinstance(other, int):
        return False
    return abs(one - other) <= max(_RELATIVE * max(abs(one), abs(other)), _ABSOLUTE) and abs(one) != float("inf")


def shown(value: Any) -> str:
    """An encoded value as a reader would write it, in short."""
    kind, content = value
    if kind in ("list", "tuple", "set", "items"):
        around = {"list": "[]", "tuple": "()", "set": "{}", "items": "<>"}[kind]
        more = ", ..." if len(content) > 10 else ""
        return around[0] + ", ".join(shown(item) for item in content[:10]) + more + around[1]
    if kind == "dict":
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in content[:10]) + "}"
    return content if isinstance(content, str) and kind != "str" else repr(content)[:80]
