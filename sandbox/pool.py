"""Many programs at once: workers are fed one program each, results come as they are ready.

Data in: an iterable of `Program`, consumed lazily. Data out: an iterator of `Result`, in order of completion.
Memory stays bounded: a program is read only when a worker is free. A pool serves one iterator at a time, from
one thread; the process may have others.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from sandbox import bwrap, cgroup
from sandbox.errors import SandboxUnavailable
from sandbox.limits import Limits
from sandbox.result import Program, Result
from sandbox.root import Log, StagedRoot, find_bwrap, prepare
from sandbox.worker import read_frame, write_frame

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.worker import main; main()"
_ATTEMPTS = 3
_ALONE_BATCH = 32  # timeouts collected before the others wait for them to be run alone
_REMEDY = "; user namespaces may be forbidden here: run `python -m sandbox check` for what to do"


class Pool:
    """Runs programs in sandboxes, `workers` at a time. A context manager; close it when done.

    workers     programs at one time; None: as many as this process may use cores
    limits      what each program may use
    packages    installed distributions that programs may import, besides the standard library
    root_cache  folder for the staged files; None: `root.default_cache()`
    log         called with a line when something takes long, such as staging
    memory_control  False: do not use control groups even where they could be
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
        self._busy = threading.Lock()
        self._closed = False
        self._workers: list[_Worker] = []
        try:
            for slot in range(count):
                self._workers.append(self._start(slot))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run_many(self, programs: Iterable[Program]) -> Iterator[Result]:
        """Run each program; yield its result when it is ready. Result.id is Program.id.

        A wall timeout is run again while nothing else runs, and only then counts; a sandbox_error is tried
        three times. Leaving the iterator early, as Ctrl-C does, kills the programs under way.
        """
        if self._closed:
            raise RuntimeError("the pool is closed")
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("the pool is already running programs; use one pool for each thread")
        try:
            yield from self._serve(iter(programs))
        finally:
            try:
                self._replace_busy()
            finally:
                self._busy.release()

    def close(self) -> None:
        """End all workers and whatever they run. May be called twice."""
        self._closed = True
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _serve(self, programs: Iterator[Program]) -> Iterator[Result]:
        alone: deque[_Job] = deque()
        again: deque[_Job] = deque()
        exhausted = False
        while True:
            lonely = bool(alone) and (exhausted or len(alone) >= _ALONE_BATCH)
            running = [worker for worker in self._workers if worker.job]
            if lonely and not again and not running:
                self._give(0, alone.popleft())
            elif not lonely or again:
                for slot, worker in enumerate(self._workers):
                    if worker.job:
                        continue
                    if again:
                        self._give(slot, again.popleft())
                        continue
                    program = None if exhausted or lonely else next(programs, None)
                    if program is None:
                        exhausted = exhausted or not lonely
                        break
                    source = program.source.encode("utf-8", "surrogatepass")
                    self._give(slot, _Job(program.id, source))
                lonely = bool(alone) and exhausted
            if not any(worker.job for worker in self._workers):
                if exhausted and not alone and not again:
                    return
                continue
            for job, result in self._collect():
                if result.status == "sandbox_error" and job.attempts < _ATTEMPTS:
                    again.append(job)
                elif result.status == "timeout" and not job.alone and len(self._workers) > 1:
                    job.alone = True
                    alone.append(job)
                else:
                    yield result

    def _give(self, slot: int, job: _Job) -> None:
        """Hand a job to a worker; a worker that has died meanwhile is replaced first."""
        job.attempts += 1
        worker = self._workers[slot]
        worker.job = job
        try:
            write_frame(worker.requests, job.source)
        except OSError:
            worker.broken = True

    def _collect(self) -> Iterator[tuple[_Job, Result]]:
        """Wait for results; yields those that are there."""
        poll = select.poll()
        slots = {}
        for slot, worker in enumerate(self._workers):
            if worker.job:
                slots[worker.replies.fileno()] = slot
                poll.register(worker.replies, select.POLLIN)
        for fd, _ in poll.poll():
            slot = slots[fd]
            worker = self._workers[slot]
            job = worker.job
            assert job is not None
            try:
                if worker.broken:
                    raise EOFError
                fields = read_frame(worker.replies)
                worker.job = None
            except (EOFError, ValueError, TypeError, OSError):
                worker.kill()
                self._workers[slot] = self._start(slot)
                fields = {"status": "sandbox_error", "detail": "the worker ended unexpectedly"}
            yield job, Result(id=job.id, **fields)

    def _replace_busy(self) -> None:
        for slot, worker in enumerate(self._workers):
            if worker.job and not self._closed:
                worker.kill()
                self._workers[slot] = self._start(slot)

    def _start(self, slot: int) -> _Worker:
        return _Worker.start(slot, self._limits, self._staged, self._bwrap, self._memory_control)


def run(
    source: str,
    limits: Limits | None = None,
    packages: Sequence[str] = (),
    *,
    root_cache: str | os.PathLike[str] | None = None,
    log: Log | None = None,
) -> Result:
    """Run one program alone; Result.id is "". For many, use a Pool: it keeps its workers."""
    with Pool(1, limits, packages, root_cache=root_cache, log=log) as pool:
        (result,) = pool.run_many([Program("", source)])
    return result


def require(log: Log | None = None) -> None:
    """Raise SandboxUnavailable unless a program that passes passes here and one that fails does not."""
    with Pool(1, log=log) as pool:
        found = {
            result.id: result
            for result in pool.run_many(
                [Program("passed", "assert 1 + 1 == 2\n"), Program("failed", "assert 1 + 1 == 3\n")]
            )
        }
    for expected, result in found.items():
        if result.status != expected:
            raise SandboxUnavailable(
                f"the self-test gave {result.status} instead of {expected}: "
                f"{result.detail or result.stderr[-200:]}{_REMEDY}"
            )


@dataclass(slots=True)
class _Job:
    id: str
    source: bytes
    attempts: int = 0
    alone: bool = False


@dataclass(slots=True)
class _Worker:
    """A worker process and the job it has; `broken` once writing to it failed."""

    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    replies: IO[bytes]
    group: cgroup.Group | None
    job: _Job | None = None
    broken: bool = field(default=False)

    @classmethod
    def start(
        cls,
        slot: int,
        limits: Limits,
        staged: StagedRoot,
        bwrap_version: tuple[int, ...],
        memory_control: bool,
    ) -> _Worker:
        """Start a process and wait until it is ready; raises SandboxUnavailable."""
        group = None
        if memory_control:
            group = cgroup.create(f"sandbox-{os.getpid()}-{id(limits):x}-{slot}")
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
            "folder": str(staged.folder),
            "python": staged.python,
            "stdlib": staged.stdlib,
            "packages_path": staged.packages_path,
            "loader": staged.loader,
            "bwrap": bwrap_version,
            "cgroup": (str(group.folder), group.version) if group else None,
        }
        try:
            write_frame(worker.requests, config)
            answer = read_frame(worker.replies)
        except (EOFError, OSError):
            answer = {"ready": False, "error": "the worker did not start"}
        except BaseException:
            worker.kill()
            raise
        if not answer["ready"]:
            worker.kill()
            raise SandboxUnavailable(f"cannot make a sandbox: {answer['error']}{_REMEDY}")
        return worker

    def kill(self) -> None:
        """End the process; bwrap dies with it, and all in it with bwrap."""
        self.process.kill()
        self.process.wait()
        for stream in (self.requests, self.replies):
            with suppress(OSError):
                stream.close()
        if self.group:
            cgroup.remove(self.group.folder)
