"""Many programs at once: workers are fed one program each, results come as they are ready.

Data in: an iterable of `Program`, consumed lazily. Data out: an iterator of `Result`, in order of completion.
Memory stays bounded: a program is read only when a worker is free. A pool serves one iterator at a time, from
one thread; the process may have other threads.
"""

from __future__ import annotations

import os
import secrets
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from sandbox import bwrap, cgroup
from sandbox.errors import SandboxUnavailable
from sandbox.execution import LONGEST_START
from sandbox.limits import Limits
from sandbox.remedies import remedies
from sandbox.result import Program, Result
from sandbox.schedule import Job, Reruns, Schedule
from sandbox.staging.files import Log
from sandbox.staging.root import StagedRoot, find_bwrap, prepare
from sandbox.worker import read_frame, write_frame

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.worker import main; main()"
_PATIENCE = 60.0  # seconds beyond all limits after which a worker counts as hung
_CLOSE_SECONDS = 2.0


class Pool:
    """Runs programs in sandboxes, `workers` at a time. A context manager; close it when done.

    workers     programs at one time; None: as many as this process may use cores
    limits      what each program may use
    packages    installed distributions that programs may import, besides the standard library
    root_cache  folder for the staged files; None: `staging.root.default_cache()`
    log         called with a line when an operation takes long, such as staging
    memory_control  False: use no control groups even where they are possible
    Raises SandboxUnavailable when this machine cannot make sandboxes.
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        packages: Sequence[str] = (),
        *,
        root_cache: str | os.PathLike[str] | None = None,
        log: Log | None = None,
        memory_control: bool = True,
    ) -> None:
        count = len(os.sched_getaffinity(0)) if workers is None else workers
        if count < 1:
            raise ValueError(f"Pool.workers = {workers}: must be at least 1")
        self._limits = limits or Limits()
        self._staged = prepare(packages, root_cache=root_cache, log=log)
        self._bwrap = bwrap.version(find_bwrap())
        self._memory_control = memory_control
        self._serving = threading.Lock()
        self._reruns = Reruns()
        self._closed = False
        self._workers: list[_Worker | None] = [None] * count
        try:
            for slot in range(count):
                self._workers[slot] = self._spawn(slot)
            for worker in self._workers:
                if worker:
                    worker.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run_many(self, programs: Iterable[Program]) -> Iterator[Result]:
        """Run each program; yield its result when it is ready. Result.id is Program.id.

        A program whose end other programs may have caused, a wall timeout above all, is run again while nothing
        else runs, as long as that helps, and the second result counts; a sandbox_error is tried three times.
        Leaving the iterator early, as Ctrl-C does, ends the programs in flight.
        """
        if self._closed:
            raise RuntimeError("the pool is closed")
        if not self._serving.acquire(blocking=False):
            raise RuntimeError("the pool is already running programs; use one pool for each thread")
        try:
            yield from self._serve(Schedule(programs, self._reruns, rerun_alone=len(self._workers) > 1))
        finally:
            self._discard([slot for slot, worker in enumerate(self._workers) if worker and worker.job])
            self._serving.release()

    def close(self) -> None:
        """End all workers and whatever they run. Idempotent."""
        self._closed = True
        self._discard(range(len(self._workers)))

    def _serve(self, schedule: Schedule) -> Iterator[Result]:
        self._feed(schedule)
        while any(worker and worker.job for worker in self._workers):
            results = [schedule.settle(*ended) for ended in self._collect()]
            self._feed(schedule)
            yield from filter(None, results)

    def _feed(self, schedule: Schedule) -> None:
        """Give each free worker a program, as long as the schedule has one that may start."""
        for slot, worker in enumerate(self._workers):
            if worker and worker.job:
                continue
            job = schedule.next(sum(1 for other in self._workers if other and other.job))
            if job is None:
                return
            if worker is None:
                worker = self._workers[slot] = self._spawn(slot)
                worker.wait_until_ready()
            worker.give(job, time.monotonic() + self._limits.wall_seconds + LONGEST_START + _PATIENCE)

    def _collect(self) -> list[tuple[Job, Result, bool]]:
        """Wait until at least one worker is done, or has hung; the jobs of these, their results, and if scarce."""
        poll = select.poll()
        busy = {w.replies.fileno(): slot for slot, w in enumerate(self._workers) if w and w.job}
        for fd in busy:
            poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(int(_PATIENCE * 1000))}
        done = []
        for fd, slot in busy.items():
            worker = self._workers[slot]
            assert worker and worker.job
            if fd not in ready and time.monotonic() < worker.deadline:
                continue
            job, fields = worker.job, worker.take() if fd in ready else None
            if fields is None:
                self._discard([slot])
                fields = {"status": "sandbox_error", "detail": "the worker ended unexpectedly"}
            scarce = fields.pop("scarce", False)
            done.append((job, Result(id=job.id, **fields), scarce))
        return done

    def _spawn(self, slot: int) -> _Worker:
        return _Worker.spawn(slot, self._limits, self._staged, self._bwrap, self._memory_control)

    def _discard(self, slots: Iterable[int]) -> None:
        """End workers; `_feed` starts new ones on demand."""
        ended = [(slot, worker) for slot in slots if (worker := self._workers[slot])]
        for _, worker in ended:
            worker.hang_up()
        for slot, worker in ended:
            worker.end()
            self._workers[slot] = None


def run(
    source: str,
    limits: Limits | None = None,
    packages: Sequence[str] = (),
    *,
    root_cache: str | os.PathLike[str] | None = None,
    log: Log | None = None,
) -> Result:
    """Run one program; Result.id is "". For many programs use a Pool, which keeps its workers."""
    with Pool(1, limits, packages, root_cache=root_cache, log=log) as pool:
        (result,) = pool.run_many([Program("", source)])
    return result


def require(log: Log | None = None) -> None:
    """Raise SandboxUnavailable unless a passing program passes here and a failing one fails."""
    programs = [Program("passed", "assert 1 + 1 == 2\n"), Program("failed", "assert 1 + 1 == 3\n")]
    with Pool(1, log=log) as pool:
        results = list(pool.run_many(programs))
    for result in results:
        expected = result.id
        if result.status != expected:
            raise SandboxUnavailable(
                f"the self-test gave {result.status} instead of {expected}: "
                f"{result.detail or result.stderr[-200:]}; `python -m sandbox check` shows more"
            )


@dataclass(slots=True)
class _Worker:
    """A worker process, its job, and the time when that is overdue."""

    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    replies: IO[bytes]
    group: cgroup.Group | None
    job: Job | None = None
    deadline: float = 0.0

    @classmethod
    def spawn(
        cls,
        slot: int,
        limits: Limits,
        staged: StagedRoot,
        bwrap_version: tuple[int, ...],
        memory_control: bool,
    ) -> _Worker:
        """Start a process and send it its configuration; `wait_until_ready` reports the outcome."""
        group = None
        if memory_control:
            group = cgroup.create(f"{cgroup.PREFIX}{os.getpid()}-{secrets.token_hex(4)}")
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", _START, str(Path(__file__).parent.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdin and process.stdout
        worker = cls(process, process.stdin, process.stdout, group)
        config: dict[str, Any] = {
            "slot": slot,
            "limits": asdict(limits),
            "staged": asdict(staged) | {"folder": str(staged.folder)},
            "bwrap": bwrap_version,
            "cgroup": (str(group.folder), group.version) if group else None,
        }
        with suppress(OSError):
            write_frame(worker.requests, config)
        return worker

    def wait_until_ready(self) -> None:
        """Raises SandboxUnavailable when the process could not set itself up."""
        try:
            answer = read_frame(self.replies)
        except (EOFError, OSError):
            answer = {"ready": False, "error": "the worker did not start"}
        if not answer["ready"]:
            raise SandboxUnavailable(
                f"cannot make a sandbox: {answer['error']}; {remedies()}; `python -m sandbox check` shows more"
            )

    def give(self, job: Job, deadline: float) -> None:
        """Send a job. A process that has died is noticed when its reply is read."""
        self.job, self.deadline = job, deadline
        with suppress(OSError):
            write_frame(self.requests, job.source)

    def take(self) -> dict[str, Any] | None:
        """The fields of the job's result; None when the process died."""
        self.job = None
        try:
            fields: dict[str, Any] = read_frame(self.replies)
        except (EOFError, ValueError, TypeError, OSError):
            return None
        return fields

    def hang_up(self) -> None:
        """Close the requests, on which the process ends its program, then itself."""
        with suppress(OSError):
            self.requests.close()

    def end(self) -> None:
        """Wait for the process after `hang_up`, or kill it; everything that it runs dies with it."""
        try:
            self.process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.replies.close()
        if self.group:
            cgroup.remove(self.group.folder)
