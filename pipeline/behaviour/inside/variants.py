"""Runs inside the sandbox: variants of a task's arguments, of the same types and about the same size.

A task's few tests are answered by chance, above all where the answer is True or False. What the solution answers to
variants of them is not.
"""

from __future__ import annotations

import marshal

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable, Iterator
    from typing import Any


def variants(calls: list[list[Any]]) -> Iterator[list[Any]]:
    """Lists of arguments unlike all of `calls`, each once: the first variant of each call, then the second ones."""
    seen = {marshal.dumps(arguments) for arguments in calls}
    pending = [_of_call(arguments, calls) for arguments in calls]
    while pending:
        going = []
        for each in pending:
            for arguments in each:
                key = marshal.dumps(arguments)
                if key not in seen:
                    seen.add(key)
                    yield arguments
                    going.append(each)
                    break
        pending = going


def _of_call(arguments: list[Any], calls: list[list[Any]]) -> Iterator[list[Any]]:
    """One argument changed at a time, in turn; then an argument of another call."""
    pending = [(place, _of_value(value)) for place, value in enumerate(arguments)]
    while pending:
        going = []
        for place, values in pending:
            for value in values:
                yield [*arguments[:place], value, *arguments[place + 1 :]]
                going.append((place, values))
                break
        pending = going
    for other in calls:
        for place in range(1, len(arguments)):
            if len(other) == len(arguments):
                yield [*arguments[:place], *other[place:]]


def _of_value(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value + 2, value * 2, value + 5, *((value - 1,) if value > 1 else ()), value + 9)
    elif isinstance(value, float):
        yield from (value + 1, value * 2, value + 0.5, value / 2)
    elif isinstance(value, str) and value:
        yield from (value[::-1], value[1:] or value * 2, value[:-1] or value * 3, value + value[:2], value.swapcase())
        # Longer ones, of several words, and in order: what the tests' short words do not tell apart.
        yield from (f"{value} {value[::-1]}", value * 3, "".join(sorted(value)))
    elif isinstance(value, list | tuple) and value:
        yield from _of_sequence(value)
    elif isinstance(value, dict) and value:
        for change in _CHANGES:
            if (other := _each(list(value.values()), change)) is not None:
                yield dict(zip(value, other, strict=True))
        (key, item), *rest = value.items()
        for other in _of_value(item):
            yield {key: other, **dict(rest)}
        if rest:
            yield dict(rest)


# Of all numbers of a list or dict together: what a solution does with small and with negative ones differs most.
_CHANGES: tuple[Callable[[Any], Any], ...] = (lambda item: -item, lambda item: item // 10, lambda item: item % 3)


def _each(values: Any, change: Callable[[Any], Any]) -> list[Any] | None:
    """The changed values, where all are numbers."""
    return [change(item) for item in values] if all(type(item) in (int, float) for item in values) else None


def _of_sequence(value: Any) -> Iterator[Any]:
    yield value[::-1]
    for change in _CHANGES:
        if (other := _each(value, change)) is not None:
            yield type(value)(other)
    if len(value) > 1:
        yield value[1:]
        yield value[:-1]
    yield value + value[:1]
    middle = len(value) // 2
    for other in _of_value(value[middle]):
        yield value[:middle] + type(value)([other]) + value[middle + 1 :]
    yield value[middle:] + value[:middle]
