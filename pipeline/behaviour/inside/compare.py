"""Runs inside the sandbox: which tasks' solutions the functions of rows behave like, each row in forks of its own.

Data in: a job, which confirmation.py makes: rows, and the behaviours of the tasks' solutions (calls with their
outcomes). Data out: a report on standard output, one line behind a mark: for each row its likely tasks, with
the function, how its arguments were arranged, and on which variants it agreed; or None where time ran out.

A function is called with the arguments of a task in each arrangement that fits: in every order of up to three, with
one left out, all as one list, one list as several. The first call that comes out otherwise ends a comparison, so most
cost one call. Not promised: that a row cannot forge its own report; it cannot touch that of another.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import time
import zlib
from itertools import permutations

from pipeline.behaviour.inside.forks import OutOfTime, forked, limited
from pipeline.behaviour.inside.outcomes import NoOutcome, differ, plain, same
from pipeline.behaviour.inside.programs import callables, execute, namespace, positional, tests_pass

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable, Iterator
    from typing import Any

    Call = tuple[bytes, Any]  # arguments, outcome
    # Number of the task, its first call, and the other calls and the variants as bytes: few rows come to them.
    Behaviour = tuple[int, bytes, Any, bytes]
    Arrange = Callable[[Any], Any]
    Way = tuple[str, tuple[int, ...], Arrange]  # in words, places of the arguments, the arguments so arranged

_SECONDS_A_TASK = 0.05  # of one function with one task
_SECONDS_A_ROW = 1.0
_MOST_FUNCTIONS = 6
_MOST_FOUND = 12
_RESTARTS = 3  # after a call that had to be ended from outside
_PERMUTED = 3


def compare(job: dict[str, Any]) -> list[list[Any] | None]:
    """The report of a job, a list for each of its rows; None for rows that there was no time for."""
    end = time.monotonic() + job["seconds"]
    behaviours = marshal.loads(zlib.decompress(job["behaviours"]))
    gc.freeze()  # a collection in a fork would write to, and so copy, all that is here
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
    behaviours: dict[tuple[str, ...], list[Behaviour]],
    progress: mmap.mmap,
    send: Callable[[Any], None],
) -> None:
    """Send (task, function, arrangement, calls, variants that agreed as bits, variants) for each likely task.

    `behaviours` are in groups by the kinds of arguments; a group that does not fit the row is not even looked at.
    """
    first = int.from_bytes(progress[:8], "big")
    names = namespace("row")
    execute(code, names)
    functions = [
        (name, function, bounds)
        for name, function in callables(names, "row")[:_MOST_FUNCTIONS]
        if (bounds := positional(function)) is not None
    ]
    turn = 0
    for name, function, bounds in functions:
        known: dict[Any, Any] = {}
        for shape, group in behaviours.items():
            ways = [way for way in arrangements(len(shape), *bounds) if _fits(way, shape, kinds)]
            if not ways:
                continue
            for number, arguments, outcome, others in group:
                turn += 1
                if turn <= first:
                    continue
                progress[:8] = turn.to_bytes(8, "big")
                try:
                    found = limited(_SECONDS_A_TASK, _likeness, function, ways, (arguments, outcome), others, known)
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
    function: Any, ways: list[Way], first: Call, others: bytes, known: dict[Any, Any]
) -> tuple[str, int, int, int] | None:
    """The first arrangement in which all calls are answered as by the solution, and the variants that are, too."""
    for way in ways:
        if _agrees(function, way, first, known):
            calls, more = marshal.loads(others)
            if all(_agrees(function, way, call, known) for call in calls):
                agreed = sum(_agrees(function, way, call, known) << place for place, call in enumerate(more))
                return way[0], 1 + len(calls), agreed, len(more)
    return None


_UNKNOWN = object()


def _agrees(function: Any, way: Way, call: Call, known: dict[Any, Any]) -> bool:
    key = way[:2], call[0]
    outcome = known.get(key, _UNKNOWN)
    if outcome is _UNKNOWN:
        known[key] = NoOutcome  # also where the call does not come back
        try:
            value = function(*way[2](marshal.loads(call[0])))
            if differ(value, call[1]):
                del known[key]
                return False
            outcome = known[key] = plain(value)
        except (Exception, SystemExit):
            return False
    return outcome is not NoOutcome and same(outcome, call[1])


def arrangements(arity: int, least: int, most: int) -> Iterator[Way]:
    """Ways to call a function of `least` to `most` arguments with the `arity` arguments of a task."""
    everything = tuple(range(arity))
    if least <= arity <= most:
        yield "as it is", everything, list
        orders = permutations(everything) if arity <= _PERMUTED else [everything, everything[::-1]]
        yield from (("in another order", order, _picked(order)) for order in list(orders)[1:])
    if arity > 1 and least <= arity - 1 <= most:
        for left_out in reversed(everything):
            places = everything[:left_out] + everything[left_out + 1 :]
            yield "without one of them", places, _picked(places)
    if arity > 1 and least <= 1 <= most:
        yield _AS_ONE, (), lambda arguments: [arguments]
    if arity == 1 and most > 1:
        yield _AS_SEVERAL, (), lambda arguments: _several(arguments[0], least, most)


_AS_ONE, _AS_SEVERAL = OTHER_FORMS = "as one list", "as several"


def _picked(places: tuple[int, ...]) -> Arrange:
    return lambda arguments: [arguments[place] for place in places]


def _several(argument: Any, least: int, most: int) -> Any:
    if isinstance(argument, list | tuple) and least <= len(argument) <= most:
        return list(argument)
    raise NoOutcome


def _fits(way: Way, shape: tuple[str, ...], kinds: list[list[str]] | None) -> bool:
    """Whether arguments of these kinds, so arranged, have the kinds with which the row's own tests call it."""
    if kinds is None or way[0] == _AS_SEVERAL:
        return True
    arranged = ["sequence"] if way[0] == _AS_ONE else [shape[place] for place in way[1]]
    return all(kind in expected for kind, expected in zip(arranged, kinds, strict=False))


KINDS = {"number", "text", "sequence", "dict", "other"}


def kind_of(value: Any) -> str:
    """A coarse type, one of KINDS."""
    if isinstance(value, int | float | complex):
        return "number"
    if isinstance(value, str | bytes):
        return "text"
    if isinstance(value, list | tuple | set | frozenset):
        return "sequence"
    return "dict" if isinstance(value, dict) else "other"
