"""Runs inside the sandbox: whether a task's own solution passes its tests, and what the solution does.

Data in: a job, which proofs.py makes. Data out: whether the solution passes, which unrelated functions pass as well,
the calls of the tests with their outcomes, and those of variants of their arguments: the behaviour that rows are
compared with. Where the tests pass with the solution's lists turned round, their order does not count: such an
outcome is a tuple of the items in order, as that of a set is.
"""

from __future__ import annotations

import marshal
from itertools import islice

from pipeline.behaviour.inside.forks import OutOfTime, forked, limited
from pipeline.behaviour.inside.outcomes import NoOutcome, plain
from pipeline.behaviour.inside.programs import execute, namespace, tests_pass
from pipeline.behaviour.inside.variants import variants

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable, Iterator
    from typing import Any

    Call = tuple[Any, Any]  # arguments, outcome

MOST_CALLS = 24
MOST_VARIANTS = 32
# Where the outcomes are few, such as True and False, one tells little: more variants, and variants of variants.
FEW_OUTCOMES = 4
MOST_VARIANTS_OF_FEW = 96
_MOST_TRIED = 400
_MOST_BYTES = 4_000  # of one call
_SECONDS_A_CALL = 0.2


def observe(job: dict[str, Any]) -> dict[str, Any]:
    """The report of a job: a task's setup, solution, tests and entry point; `seconds` for all of it."""
    seconds = job["seconds"] / 4
    sent, _ = forked(lambda send: _own(job, send), seconds, seconds)
    passes = bool(sent) and sent[-1] is True
    calls = [item for item in sent if isinstance(item, tuple)]
    if not passes:
        failed = [item for item in sent if isinstance(item, str)]
        return {"passes": False, "error": failed[-1] if failed else "it did not come to its end"}
    fooled = []
    for name in _UNRELATED:
        sent, _ = forked(lambda send, name=name: _unrelated(job, name, send), seconds / 2, seconds)  # type: ignore[misc]
        if sent == [True]:
            fooled.append(name)
    more, _ = forked(lambda send: _variants(job, calls, send), seconds / 2, seconds)
    sent, _ = forked(lambda send: _turned(job, send), seconds / 2, seconds)
    if sent == [True]:
        calls, more = _without_order(calls), _without_order(more)
    return {"passes": True, "fooled": fooled, "calls": calls, "variants": more}


def _without_order(calls: list[Call]) -> list[Call]:
    return [(call, tuple(sorted(end, key=repr)) if isinstance(end, list) else end) for call, end in calls]


def _own(job: dict[str, Any], send: Callable[[Any], None]) -> None:
    """Send each call of the tests, then whether they pass; an error in words before that."""
    names = namespace("solution")
    try:
        execute(job["setup"] + "\n" + job["solution"], names)
    except BaseException as error:
        send(f"{type(error).__name__}: {error}"[:200])
        send(False)
        return
    function: Any = names.get(job["entry"])
    count = 0

    def recorded(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        try:
            before = marshal.dumps(list(arguments))
        except ValueError:
            before = b""
        outcome = function(*arguments, **named)
        if before and not named and count < MOST_CALLS and len(before) < _MOST_BYTES:
            try:
                call = marshal.loads(before), plain(outcome)
                if not hasattr(outcome, "__next__"):
                    send(call)
                    count += 1
            except (NoOutcome, ValueError):
                pass
        return outcome

    if callable(function) and not isinstance(function, type):
        names[job["entry"]] = recorded
    passed = tests_pass(job["tests"], names)
    if not passed:
        send("its tests fail")
    send(passed)


_UNRELATED: dict[str, Callable[..., Any]] = {
    "None": lambda *_, **__: None,
    "True": lambda *_, **__: True,
    "its argument": lambda *arguments, **__: arguments[0] if arguments else None,
}


def _unrelated(job: dict[str, Any], name: str, send: Callable[[Any], None]) -> None:
    names = namespace("solution")
    execute(job["setup"], names)
    names[job["entry"]] = _UNRELATED[name]
    send(tests_pass(job["tests"], names))


def _turned(job: dict[str, Any], send: Callable[[Any], None]) -> None:
    """Send whether the tests pass with every list and tuple that the solution returns turned round."""
    names = namespace("solution")
    execute(job["setup"] + "\n" + job["solution"], names)
    function, turned = names[job["entry"]], 0

    def backwards(*arguments: Any, **named: Any) -> Any:
        nonlocal turned
        outcome = function(*arguments, **named)
        if isinstance(outcome, list | tuple) and outcome[::-1] != outcome:
            turned += 1
            return outcome[::-1]
        return outcome

    names[job["entry"]] = backwards
    send(tests_pass(job["tests"], names) and turned > 0)


def _variants(job: dict[str, Any], calls: list[Call], send: Callable[[Any], None]) -> None:
    names = namespace("solution")
    execute(job["setup"] + "\n" + job["solution"], names)
    function, count = names[job["entry"]], 0
    outcomes = {repr(outcome) for _, outcome in calls}
    for arguments in _more_and_more(calls, outcomes):
        if count >= (MOST_VARIANTS if len(outcomes) > FEW_OUTCOMES else MOST_VARIANTS_OF_FEW):
            return
        try:
            before = marshal.dumps(arguments)
            outcome = plain(limited(_SECONDS_A_CALL, function, *arguments))
            if len(before) < _MOST_BYTES and len(marshal.dumps(outcome)) < _MOST_BYTES:
                send((marshal.loads(before), outcome))
                outcomes.add(repr(outcome))
                count += 1
        except (Exception, OutOfTime):
            continue


def _more_and_more(calls: list[Call], outcomes: set[str]) -> Iterator[list[Any]]:
    """Variants of the calls' arguments; then, where the outcomes are still few, variants of these."""
    first = []
    for arguments in variants([call[0] for call in calls]):
        first.append(marshal.loads(marshal.dumps(arguments)))
        yield arguments
    if len(outcomes) <= FEW_OUTCOMES:
        yield from islice(variants(first), max(0, _MOST_TRIED - len(first)))
