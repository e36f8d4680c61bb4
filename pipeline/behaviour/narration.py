"""Writes what a program does in a call, from the trace of the call: a monologue that is right by construction.

In: the code, and the frame that inside/trace.py reports. Out: lines of Markdown. Each states the line that runs, the
values that its names have afterwards, whether a condition held, and what a function returned; nothing else. The middle
of a long loop is one line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.text.normalise import parse

MOST_LINES = 60
_TOLD_FIRST, _TOLD_LAST = 2, 1  # rounds of a loop that are told one by one
_LONGEST_SOURCE = 80  # characters of a line's source


class Untold(Exception):
    """The trace cannot be told; the argument is the reason in a word."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A statement that ran: what it changed, and the frames that it called."""

    statement: ast.stmt
    changes: dict[str, str | None]
    calls: list[dict[str, Any]]


@dataclass(slots=True)
class _State:
    """The values of a frame's names as far as they are known, while it is told."""

    values: dict[str, str] = field(default_factory=dict)

    def apply(self, changes: dict[str, str | None]) -> None:
        for name, value in changes.items():
            if value is None:
                self.values.pop(name, None)
            else:
                self.values[name] = value


def narrate(code: str, frame: dict[str, Any]) -> str:
    """The call of a frame, line by line. Raises Untold; ValueError or the like for a report of another shape."""
    module = parse(code)
    if module is None:
        raise Untold("no_python")
    lines = list(_Teller(module, code.split("\n")).frame(frame, ""))
    if len(lines) > MOST_LINES:
        raise Untold("too_long")
    return "\n".join(lines)


class _Teller:
    def __init__(self, module: ast.Module, source: list[str]) -> None:
        self._source = source
        self._statements: dict[int, ast.stmt] = {}
        for node in ast.walk(module):  # outer ones first: the innermost statement of a line stays
            if isinstance(node, ast.stmt):
                self._statements.update(dict.fromkeys(range(node.lineno, (node.end_lineno or 0) + 1), node))

    def frame(self, frame: dict[str, Any], indent: str) -> Iterator[str]:
        """The lines of a frame."""
        given = {name: value for name, value in frame["arguments"] if value is not None}
        steps, state = self._steps(frame["steps"]), _State(dict(given))
        returned = frame["returned"]
        where = f"{indent}- `{frame['function']}` is called"
        yield f"{where}: {_are(given)}." if given else f"{where}."
        yield from self._told(steps, state, indent)
        value = "" if returned is None or "`" in returned else f" `{returned}`"
        yield f"{indent}- `{frame['function']}` returns{value}."

    def _steps(self, reported: list[dict[str, Any]]) -> list[_Step]:
        """The steps, those of one statement that stands on several lines together."""
        steps: list[_Step] = []
        for step in reported:
            statement = self._statements.get(step["line"])
            if statement is None:
                raise Untold("no_statement")
            if step["raised"] and not isinstance(statement, ast.For):
                raise Untold("raises")
            changes = dict(step["changes"])
            if steps and steps[-1].statement is statement:
                steps[-1].changes.update(changes)
                steps[-1].calls.extend(step["calls"])
            else:
                steps.append(_Step(statement, changes, list(step["calls"])))
        return steps

    def _told(self, steps: list[_Step], state: _State, indent: str) -> Iterator[str]:
        place = 0
        while place < len(steps):
            statement = steps[place].statement
            end = place + 1
            if isinstance(statement, ast.For | ast.While):
                while end < len(steps) and (
                    steps[end].statement is statement or _within(steps[end].statement, statement.body)
                ):
                    end += 1
                yield from self._loop(steps, place, end, state, indent)
            else:
                yield from self._step(steps, place, state, indent)
            place = end

    def _loop(self, steps: list[_Step], first: int, end: int, state: _State, indent: str) -> Iterator[str]:
        """The steps of a loop, from `first` to before `end`: all its rounds, or the first ones and the last."""
        loop = steps[first].statement
        starts = [place for place in range(first, end) if steps[place].statement is loop]
        rounds = [*zip(starts, [*starts[1:], end], strict=True)]
        # The last round may be no more than the look at a condition that does not hold.
        last = _TOLD_LAST + (rounds[-1][1] - rounds[-1][0] == 1)
        left_out = rounds[_TOLD_FIRST : len(rounds) - last]
        if len(left_out) < 2:
            left_out = []
        for begin, finish in rounds:
            if (begin, finish) not in left_out:
                yield from self._step(steps, begin, state, indent)
                yield from self._told(steps[begin + 1 : finish], state, indent)
            elif (begin, finish) == left_out[0]:
                yield self._summary(steps[begin : left_out[-1][1]], len(left_out), state, indent)

    def _summary(self, steps: list[_Step], count: int, state: _State, indent: str) -> str:
        """Several rounds of a loop in one line."""
        loop = steps[0].statement
        target = loop.target.id if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) else ""
        items: list[str | None] = []
        changed: dict[str, None] = {}
        for step in steps:
            state.apply(step.changes)
            changed.update(dict.fromkeys(step.changes))
            if step.statement is loop:
                items.append(state.values.get(target))
        text = f"{indent}- The loop of line {loop.lineno} goes on for {count} rounds"
        if target and all(item and "`" not in item for item in items):
            text += f", with `{target}` " + ", ".join(f"`{item}`" for item in items)
        after = {name: state.values[name] for name in changed if name in state.values and name != target}
        return f"{text}; then {_are(after)}." if after else f"{text}."

    def _step(self, steps: list[_Step], place: int, state: _State, indent: str) -> Iterator[str]:
        step = steps[place]
        state.apply(step.changes)
        if isinstance(step.statement, ast.Try):
            return
        following = steps[place + 1].statement if place + 1 < len(steps) else None
        parts = [part for part in (self._turn(step.statement, following), _now(step)) if part]
        text = f"{indent}- {self._line(step.statement)}"
        yield f"{text}: {', '.join(parts)}." if parts else f"{text}."
        for frame in step.calls:
            yield from self.frame(frame, indent + "  ")

    def _line(self, statement: ast.stmt) -> str:
        source = self._source[statement.lineno - 1].strip()
        shown = "" if "`" in source or len(source) > _LONGEST_SOURCE else f", `{source}`"
        return f"Line {statement.lineno}{shown}"

    def _turn(self, statement: ast.stmt, following: ast.stmt | None) -> str:
        """Which way a condition or a loop goes, by the statement that runs next in the frame."""
        if not isinstance(statement, ast.If | ast.While | ast.For) or statement.body[0].lineno == statement.lineno:
            return ""
        goes_in = following is not None and _within(following, statement.body)
        if isinstance(statement, ast.For):
            return "the next item" if goes_in else "no item is left"
        return "it holds" if goes_in else "it does not hold"


def _within(statement: ast.stmt, others: list[ast.stmt]) -> bool:
    """Whether a statement begins in the lines of one of others."""
    return any(other.lineno <= statement.lineno <= (other.end_lineno or 0) for other in others)


def _now(step: _Step) -> str:
    return _are({name: value for name, value in step.changes.items() if value is not None})


def _are(values: dict[str, str]) -> str:
    parts = [f"`{name}` is `{value}`" for name, value in values.items() if "`" not in value]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
