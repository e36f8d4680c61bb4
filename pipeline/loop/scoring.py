"""Scores answers to benchmarks' tasks: here a pass is decided, and nowhere else.

An answer passes if its program does, and if the pass means something. With tests in source that is what
sandbox/falsification.py shows. With inputs or cases the answer's program runs a second time with a wrong result in the
place of the answer's: of whoever has replaced the comparison, or has left the program early, that passes as well.
In: answers, each with its task and suite. Out: the sandbox's results, a pass that means nothing as `tampered`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline.packs import programs
from pipeline.packs.layouts import Task
from sandbox import Pool, Program, Result
from sandbox.falsification import Claim, run_and_falsify, run_growing

_FALSE = " falsified"
NOT_NOTICED = "it passes although its result was replaced by a wrong one"


@dataclass(frozen=True, slots=True)
class Scored:
    """A complete answer, and the suite of its task that it is run with; `expected` as in `programs.program`."""

    id: str
    task: Task
    source: str
    suite: str = "tests"
    expected: programs.Expected | None = None


def score(pool: Pool, answers: Iterable[Scored]) -> Iterator[Result]:
    """The result of every answer, in the order in which they are known."""
    queue = iter(answers)
    first = next(queue, None)
    if first is None:
        return
    everything = _chained(first, queue)
    if programs.has_own_tests(first.task):
        tests = (Claim(answer.id, answer.source, programs.tests_of(answer.task)) for answer in everything)
        yield from run_and_falsify(pool, tests)
    else:
        yield from _with_wrong_results(pool, everything)


def _chained(first: Scored, rest: Iterator[Scored]) -> Iterator[Scored]:
    yield first
    yield from rest


def _with_wrong_results(pool: Pool, answers: Iterator[Scored]) -> Iterator[Result]:
    running: dict[str, Scored] = {}
    passed: dict[str, Result] = {}
    waiting: deque[Program] = deque()

    def sources() -> Iterator[Program]:
        for answer in answers:
            running[answer.id] = answer
            yield Program(answer.id, programs.program(answer.task, answer.source, answer.suite, answer.expected))

    for result in run_growing(pool, sources(), waiting):
        if result.id.endswith(_FALSE):
            yield _judged(passed.pop(result.id.removesuffix(_FALSE)), result)
            continue
        answer = running.pop(result.id)
        if not result.passed or programs.is_empty(answer.task, answer.suite):
            yield result
            continue
        passed[answer.id] = result
        false = programs.falsified(answer.task, answer.source, answer.suite, answer.expected)
        waiting.append(Program(f"{answer.id}{_FALSE}", false))


def _judged(result: Result, falsified: Result) -> Result:
    """A pass in the light of the run with a wrong result."""
    status, detail = result.status, result.detail
    if falsified.status == "sandbox_error":
        status, detail = "sandbox_error", "the pass could not be falsified"
    elif falsified.passed or falsified.status == "tampered":
        status, detail = "tampered", falsified.detail or NOT_NOTICED
    wall, cpu = result.wall_s + falsified.wall_s, result.cpu_s + falsified.cpu_s
    return replace(result, status=status, detail=detail, wall_s=wall, cpu_s=cpu)
