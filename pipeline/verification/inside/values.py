"""Runs inside the sandbox: turns a value into another one of the same type, for mutants that return it.

Tests of the value notice the change; tests of its type, its presence or its equality to itself do not.
"""

from __future__ import annotations

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from typing import Any

_DEEPEST = 20  # levels of nesting; deeper values stay as they are


def changed(value: Any, way: int, depth: int = 0) -> Any:
    """Another value of the same type: larger (`way` 1), or turned round (-1); None where there is none."""
    kind = type(value)
    if depth > _DEEPEST:
        return value
    if value is None:
        return 0
    if isinstance(value, bool):
        return not value
    if hasattr(kind, "__members__"):
        members: list[Any] = list(kind)  # type: ignore[call-overload]
        return members[(members.index(value) + 1) % len(members)]
    if kind in (int, float, complex):
        near = value + 1 if way > 0 else -value - 1
        return near if near != value else kind(0)
    if kind in (str, bytes, bytearray):
        mark = "~" if kind is str else b"~"
        return mark + value + mark if way > 0 else value[::-1] + mark
    if isinstance(value, list | tuple):
        return _changed_sequence(value, way, depth)
    if isinstance(value, set | frozenset):
        items = [changed(item, way, depth + 1) for item in value]
        return kind(items or [0])
    if isinstance(value, dict):
        return _changed_mapping(value, way, depth)
    if hasattr(value, "__next__"):
        return _changed_items(value, way)
    if callable(value):
        return lambda *args, **kwargs: changed(value(*args, **kwargs), way, depth + 1)
    return _changed_object(value, way, depth)


def _changed_sequence(value: Any, way: int, depth: int) -> Any:
    items = [changed(item, way, depth + 1) for item in value]
    if hasattr(type(value), "_make"):  # a named tuple
        return type(value)._make(items)
    items = [*items, items[-1] if items else 0] if way > 0 else items[::-1] or [0]
    return tuple(items) if isinstance(value, tuple) else items


def _changed_mapping(value: Any, way: int, depth: int) -> Any:
    other = value.copy()
    other.update({key: changed(item, way, depth + 1) for key, item in value.items()})
    if way > 0 or not value:
        other["~"] = 0
    return other


def _changed_items(items: Any, way: int) -> Any:
    for item in items:
        yield changed(item, way)
    if way > 0:
        yield 0


def _changed_object(value: Any, way: int, depth: int) -> Any:
    import copy

    try:
        near = value + 1
        if type(near) is type(value):
            return near
    except Exception:
        pass
    try:
        other = copy.copy(value)
        for name, item in list(vars(other).items()):
            object.__setattr__(other, name, changed(item, way, depth + 1))
        return other if vars(other) else None
    except Exception:
        return None
