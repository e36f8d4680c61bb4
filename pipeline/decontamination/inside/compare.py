"""Runs inside the sandbox: which tasks' solutions the functions of rows behave like, each row in forks of its own.

Data in: a job, which confirmation.py makes: rows, and the behaviours of the tasks' solutions (calls with their
outcomes). Data out: a report on standard output, one line behind a mark: for each row its likely tasks, with
the function, how its arguments were arranged, and on how many variants it agreed; or None where time ran out.

A function is called with the arguments of a task in each arrangement that fits: in every order of up to three, with
one left out, all as one list, one list as several. The first call that comes out otherwise ends a comparison, so most
cost one call. Not promised: that a row cannot forge its own report; it cannot touch that of another.
"""

from __future__ import annotations

import marshal
import mmap
import time
from itertools import permutations

from pipeline.decontamination.inside.forks import OutOfTime, forked, limited
from pipeline.decontamination.inside.outcomes import NoOutcome, plain, same
from pipeline.decontamination.inside.programs import callables, execute, namespace, positional, tests_pass

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable, Iterator
    from typing import Any

    Behaviour = tuple[int, int, list[tuple[bytes, Any]], list[tuple[bytes, Any]]]  # number, arity, calls, variants

_SECONDS_A_TASK = 0.05  # of one function with one task
_SECONDS_A_ROW = 1.0
_MOST_FUNCTIONS = 6
_MOST_FOUND = 12
_RESTARTS = 3  # after a call that had to be ended from outside
_PERMUTED = 3


def compare(job: dict[str, Any]) -> list[list[Any] | None]:
    """The report of a job, a list for each of its rows; None for rows that there was no time for."""
    end = time.monotonic() + job["seconds"]
    behaviours = marshal.loads(job["behaviours"])
    progress = mmap.mmap(-1, 8)
    report: list[list[Any] | None] = []
    for code, kinds, tested in job["rows"]:
        if time.monotonic() > end:
            report.append(None)
            continue
        progress[:8] = bytes(8)
        found: list[Any] = []
        for _ in range(_RESTARTS):
            left = max(0.1, end - time.monotonic())
            sent, ended = forked(
                lambda send: _row(code, kinds, tested, behaviours, progress, send),  # noqa: B023
                _SECONDS_A_ROW,
                min(left, 3 * _SECONDS_A_ROW),
            )
            found += sent
            if ended:
                break
            progress[:8] = (int.from_bytes(progress[:8], "big") + 1).to_bytes(8, "big")
        report.append(found[:_MOST_FOUND])
    return report


def _row(
    code: str,
    kinds: list[list[str]] | None,
    tested: list[tuple[int, str, str, str]],
    behaviours: list[Behaviour],
    progress: mmap.mmap,
    send: Callable[[Any], None],
) -> None:
    """Send (task, function, arrangement, calls, variants that agreed, variants) for each likely task."""
    first = int.from_bytes(progress[:8], "big")
    names = namespace("row")
    execute(code, names)
    functions = [(*each, positional(each[1])) for each in callables(names, "row")[:_MOST_FUNCTIONS]]
    turn = 0
    known: dict[tuple[int, bytes], Any] = {}
    for at, (name, function, bounds) in enumerate(functions):
        for number, arity, calls, more in behaviours:
            turn += 1
            if turn <= first:
                continue
            progress[:8] = turn.to_bytes(8, "big")
            try:
                found = limited(_SECONDS_A_TASK, _likeness, at, function, bounds, arity, calls, more, kinds, known)
            except OutOfTime:
                continue
            if found:
                send((number, name, *found))
    for number, setup, entry, tests in tested:
        turn += 1
        if turn <= first:
            continue
        progress[:8] = turn.to_bytes(8, "big")
        for name, function, _ in functions:
            if _passes(setup, entry, tests, function):
                send((number, name, "as it is", 0, 0, 0))
                break


def _passes(setup: str, entry: str, tests: str, function: Any) -> bool:
    """Whether a function passes a task's own tests, which may check a property rather than a value."""
    names = namespace("task")
    try:
        execute(setup, names)
        names[entry] = function
        return bool(limited(4 * _SECONDS_A_TASK, tests_pass, tests, names))
    except (Exception, OutOfTime):
        return False


def _likeness(
    at: int,
    function: Any,
    bounds: tuple[int, int],
    arity: int,
    calls: list[tuple[bytes, Any]],
    more: list[tuple[bytes, Any]],
    kinds: list[list[str]] | None,
    known: dict[tuple[int, bytes], Any],
) -> tuple[str, int, int, int] | None:
    """The first arrangement in which all calls are answered as by the solution, and how often it then agrees."""
    for name, arrange in arrangements(arity, *bounds):
        if kinds is not None and not _fits(arrange(marshal.loads(calls[0][0])), kinds):
            continue
        if all(_agrees(at, function, arrange, call, known) for call in calls):
            agreed = sum(_agrees(at, function, arrange, call, known) for call in more)
            return name, len(calls), agreed, len(more)
    return None


_UNKNOWN = object()


def _agrees(
    at: int, function: Any, arrange: Callable[[Any], Any], call: tuple[bytes, Any], known: dict[tuple[int, bytes], Any]
) -> bool:
    try:
        arguments = arrange(marshal.loads(call[0]))
        key = at, marshal.dumps(arguments)
        outcome = known.get(key, _UNKNOWN)
        if outcome is _UNKNOWN:
            known[key] = NoOutcome  # also where the call does not come back
            outcome = known[key] = plain(function(*arguments))
        return outcome is not NoOutcome and same(outcome, call[1])
    except (Exception, SystemExit):
        return False


def arrangements(arity: int, least: int, most: int) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Ways, in words, to call a function of `least` to `most` arguments with the `arity` arguments of a task."""
    if least <= arity <= most:
        yield "as it is", lambda arguments: arguments
        if 1 < arity <= _PERMUTED:
            for order in list(permutations(range(arity)))[1:]:
                yield "in another order", lambda arguments, order=order: [arguments[place] for place in order]
        elif arity > _PERMUTED:
            yield "in another order", lambda arguments: arguments[::-1]
    if arity > 1 and least <= arity - 1 <= most:
        for left_out in range(arity - 1, -1, -1):
            yield (
                "without one of them",
                lambda arguments, out=left_out: [item for place, item in enumerate(arguments) if place != out],
            )
    if arity > 1 and least <= 1 <= most:
        yield "as one list", lambda arguments: [arguments]
    if arity == 1 and most > 1:
        yield "as several", lambda arguments: _several(arguments[0], least, most)


def _several(argument: Any, least: int, most: int) -> Any:
    if isinstance(argument, list | tuple) and least <= len(argument) <= most:
        return list(argument)
    raise NoOutcome


def _fits(arguments: list[Any], kinds: list[list[str]]) -> bool:
    """Whether arguments have the kinds with which the row's own tests call it."""
    return len(arguments) > len(kinds) or all(
        kind_of(value) in expected for value, expected in zip(arguments, kinds, strict=False)
    )


def kind_of(value: Any) -> str:
    """A coarse type: number, text, sequence, dict, other."""
    if isinstance(value, int | float | complex):
        return "number"
    if isinstance(value, str | bytes):
        return "text"
    if isinstance(value, list | tuple | set | frozenset):
        return "sequence"
    return "dict" if isinstance(value, dict) else "other"
