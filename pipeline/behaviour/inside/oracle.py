"""Runs inside the sandbox: whether responses answer as the function that their instruction describes.

Data in: a job, which stages/oracle.py makes: the source of the seed with the name of its function; the tests of all
responses; the code of those to be compared. Data out: the calls with the seed's answers, and of each response its own.

The seed answers in one process, every response in another that gets the arguments alone: no response can read the
answers that it is compared with, or touch those of others. They are compared in a third, which runs code of neither.
"""

from __future__ import annotations

import marshal

from pipeline.behaviour.inside.exact import NotComparable, encoded, equal, shown
from pipeline.behaviour.inside.forks import OutOfTime, forked, limited
from pipeline.behaviour.inside.programs import execute, namespace
from pipeline.behaviour.inside.variants import variants

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from typing import Any

    Call = tuple[list[Any], dict[str, Any]]  # arguments by place and by name
    Answer = tuple[str, Any, Any]  # value or raised; it; the arguments afterwards, None where they are as before

MOST_CALLS = 48
MOST_VARIANTS = 64
_MOST_BYTES = 4_000  # of one call, and of its answer
_SECONDS_A_CALL = 0.2
_PASSING = (BaseException, Exception, object)  # base classes that two exceptions may share without being alike


def oracle(job: dict[str, Any]) -> dict[str, Any]:
    """The report of a job: `error` where the seed cannot answer; else `calls`, `variants`, and `rows` in their order.

    A row is None where its code defines no such function, or [where it differs in words, or "", whether on a variant].
    """
    seconds = job["seconds"] / (4 + len(job["rows"]))
    sent, _ = forked(lambda send: _called(job, send), seconds, seconds)
    errors = [item for item in sent if isinstance(item, str)]
    calls: list[Call] = [item for item in sent if isinstance(item, tuple)]
    if errors or not calls:
        return {"error": errors[-1] if errors else "the tests never call it"}
    positional = [arguments for arguments, named in calls if not named]
    made: list[Call] = []
    for arguments in variants(positional):
        if len(made) == 3 * MOST_VARIANTS:
            break
        if len(marshal.dumps(arguments)) < _MOST_BYTES:
            made.append((arguments, {}))
    source, name = job["seed"], job["name"]
    first = _answers(source, name, calls + made, seconds)
    again = _answers(source, name, (calls + made)[::-1], seconds)
    if first is None or again is None:
        return {"error": "it does not answer in time"}
    again = {len(calls + made) - 1 - place: answer for place, answer in again.items()}
    # An answer that changes with what was called before is none; on what it refuses of a variant, its text is silent.
    steady = [
        place
        for place, answer in first.items()
        if place in again and _alike(answer, again[place]) and (place < len(calls) or answer[0] == "value")
    ]
    chosen = [place for place in steady if place < len(calls)]
    chosen += [place for place in steady if place >= len(calls)][:MOST_VARIANTS]
    asked = [(calls + made)[place] for place in chosen]
    expected = [first[place] for place in chosen]
    of_tests = sum(place < len(calls) for place in chosen)
    rows = []
    for code in job["rows"]:
        answers = _answers(code, name, asked, seconds)
        rows.append(None if answers is None else _compared(asked, expected, answers, of_tests))
    return {"calls": of_tests, "variants": len(chosen) - of_tests, "rows": rows}


def _called(job: dict[str, Any], send: Callable[[Any], None]) -> None:
    """Send the calls that the tests make of the seed's function, each once; instead an error, if it does not load."""
    names = namespace("seed")
    try:
        execute(job["seed"], names)
        function = names[job["name"]]
    except BaseException as error:
        send(f"{type(error).__name__}: {error}"[:200])
        return
    seen: set[bytes] = set()

    def recorded(*arguments: Any, **named: Any) -> Any:
        try:
            call = marshal.dumps((list(arguments), named))
        except ValueError:
            call = b""
        if call and call not in seen and len(call) < _MOST_BYTES and len(seen) < MOST_CALLS:
            seen.add(call)
            send(marshal.loads(call))
        return function(*arguments, **named)

    for statements in job["tests"]:
        around = dict(names)
        around[job["name"]] = recorded
        for statement in statements:
            try:  # a wrong assert ends a program; the calls behind it count all the same
                limited(_SECONDS_A_CALL, exec, compile(statement, "<tests>", "exec"), around)
            except (Exception, SystemExit, OutOfTime):
                continue


def _answers(source: str, name: str, calls: list[Call], seconds: float) -> dict[int, Answer] | None:
    """What the function of a source answers to calls, by their places; None where there is no such function.

    A call without a comparable answer, or without one in time, is left out.
    """
    sent, _ = forked(lambda send: _answer(source, name, calls, send), seconds, seconds)
    if not sent or sent[0] != "ready":
        return None
    pairs = [item for item in sent[1:] if isinstance(item, tuple) and len(item) == 2]
    return {place: answer for place, answer in pairs if isinstance(answer, tuple) and len(answer) == 3}


def _answer(source: str, name: str, calls: list[Call], send: Callable[[Any], None]) -> None:
    names = namespace("answers")
    execute(source, names)
    function = names[name]
    if not callable(function):
        return
    send("ready")
    for place, (arguments, named) in enumerate(calls):
        try:
            before = encoded([arguments, named])
            answer = _of_call(function, arguments, named)
            after = encoded([arguments, named])
            content = (place, (*answer, None if equal(before, after) else after))
            if len(marshal.dumps(content)) < 4 * _MOST_BYTES:
                send(content)
        except (Exception, OutOfTime):
            continue


def _of_call(function: Any, arguments: list[Any], named: dict[str, Any]) -> tuple[str, Any]:
    try:
        return "value", encoded(limited(_SECONDS_A_CALL, function, *arguments, **named))
    except NotComparable:
        raise
    except (Exception, SystemExit) as error:
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind not in _PASSING]
        return "raised", kinds


def _alike(one: Answer, other: Answer) -> bool:
    if one[0] != other[0] or (one[2] is None) != (other[2] is None):
        return False
    if one[2] is not None and not equal(one[2], other[2]):
        return False
    if one[0] == "value":
        return equal(one[1], other[1])
    return one[1][0] in other[1] or other[1][0] in one[1]


def _compared(asked: list[Call], expected: list[Answer], answers: dict[int, Answer], of_tests: int) -> tuple[str, bool]:
    """As `_difference`. A response may send answers of any shape: they must not end the comparison of others."""
    try:
        return _difference(asked, expected, answers, of_tests)
    except Exception:
        return "nothing comparable was answered", False


def _difference(
    asked: list[Call], expected: list[Answer], answers: dict[int, Answer], of_tests: int
) -> tuple[str, bool]:
    """The first call that is answered otherwise, in words; whether it is one of a variant."""
    for place, right in enumerate(expected):
        answer = answers.get(place)
        if answer is None or not _alike(right, answer):
            arguments, named = asked[place]
            given = [shown(encoded(one)) for one in arguments]
            given += [f"{key}={shown(encoded(one))}" for key, one in named.items()]
            words = f"({', '.join(given)}): {_in_words(answer)}, the seed {_in_words(right)}"
            return words, place >= of_tests
    return "", False


def _in_words(answer: Answer | None) -> str:
    if answer is None:
        return "nothing comparable in time"
    text = f"raises {answer[1][0]}" if answer[0] == "raised" else shown(answer[1])
    return text if answer[2] is None else f"{text}, arguments changed to {shown(answer[2][1][0])}"
