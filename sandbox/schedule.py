"""Decides which program runs next: the order, retries, and when a program has to run alone. Pure logic.

- A sandbox_error is tried again, `TRIES` times in all.
- A program whose end other programs may have caused runs a second time while nothing else runs, so that they
  do not decide: a wall timeout, and a failure for lack of a resource that the kernel counts for a whole user (the
  runner tells of the exception; what a program prints does not matter). Such programs are collected, and run a batch
  at a time and at the end, while the others wait.
- Second runs that change nothing take a share of a pool's time at most (`Reruns`); then a first end counts at once.
Programs are taken from the iterable only when one can start, so that memory stays bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.result import Program, Result

TRIES = 3
BATCH = 32
VAIN_SECONDS, VAIN_SHARE = 300.0, 0.1


@dataclass(slots=True)
class Job:
    """A program in flight; `alone` once other programs may have decided its end."""

    id: str
    source: bytes
    errors: int = 0
    alone: bool = False


@dataclass(slots=True)
class Reruns:
    """Of a pool: the seconds of all runs, and of the second ones that ended as the first did."""

    seconds: float = 0.0
    vain: float = 0.0

    def may_go_on(self) -> bool:
        return self.vain <= VAIN_SECONDS + VAIN_SHARE * self.seconds


class Schedule:
    """The state of one `run_many`: `next` gives the job to start, `settle` takes its result."""

    def __init__(self, programs: Iterable[Program], reruns: Reruns, *, rerun_alone: bool) -> None:
        self._programs = iter(programs)
        self._reruns = reruns
        self._rerun_alone = rerun_alone
        self._again: deque[Job] = deque()
        self._alone: deque[Job] = deque()
        self._exhausted = False
        self._emptying = False

    def next(self, running: int) -> Job | None:
        """The job to start now, given how many are running; None: none yet, or none at all."""
        if self._again and not self._again[0].alone:
            return self._again.popleft()
        if self._emptying or self._again:
            return self._next_alone(running)
        if not self._exhausted and len(self._alone) < BATCH:
            program = next(self._programs, None)
            if program is not None:
                return Job(program.id, program.source.encode("utf-8", "surrogatepass"))
            self._exhausted = True
        self._emptying = bool(self._alone)
        return self._next_alone(running)

    def _next_alone(self, running: int) -> Job | None:
        if running:
            return None
        if self._again:
            return self._again.popleft()
        if self._alone:
            return self._alone.popleft()
        self._emptying = False
        return None if self._exhausted else self.next(0)

    def settle(self, job: Job, result: Result, scarce: bool = False) -> Result | None:
        """The final result, or None when the job will be started again.

        scarce   it failed for lack of something that the kernel counts for a whole user
        """
        self._reruns.seconds += result.wall_s
        if result.status == "sandbox_error":
            job.errors += 1
            if job.errors < TRIES:
                self._again.append(job)
                return None
        others_may_be_the_cause = scarce or result.status == "timeout"
        if others_may_be_the_cause and job.alone:
            self._reruns.vain += result.wall_s
        elif others_may_be_the_cause and self._rerun_alone and self._reruns.may_go_on():
            job.alone = True
            self._alone.append(job)
            return None
        return result
