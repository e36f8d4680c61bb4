"""Main program of the engine's process: loads the model, completes requests, ends with its caller.

Started by `process.Child`, never imported by a caller. Messages (see `wire`) arrive on one pipe and
leave on another; standard output and error belong to llama.cpp and go to a file of the parent.
Three threads: one reads and tokenizes (llama.cpp's tokenizer is thread-safe), one writes, and the
main thread only runs steps, so that the device never waits for a pipe.

The process ends with its caller, even a killed one, because its request pipe closes. On Linux the
parent itself is monitored too, because another process may have inherited the pipe.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import queue
import resource
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, TypeAlias

from pipeline.engine import wire
from pipeline.engine.child import native
from pipeline.engine.child.batcher import Batcher
from pipeline.engine.child.contexts import Job, Prompts
from pipeline.engine.child.cores import FreeCores
from pipeline.engine.child.inspection import read_facts
from pipeline.engine.child.layout import Engine
from pipeline.engine.child.scheduler import seq_id_counts
from pipeline.engine.protocol import EngineError, Plan
from pipeline.engine.settings import EngineSettings
from pipeline.engine.sizing import CPU, free_host_memory, make_plan

HEARTBEAT_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1

_Jobs: TypeAlias = "queue.SimpleQueue[Job | None]"


class Outbox:
    """Sends messages from a thread of its own, so that a slow reader does not stop generation."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._queue: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self.put = self._queue.put
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while True:
                wire.write_all(self._fd, wire.encode(self._queue.get()))
        except OSError:
            os._exit(0)

    def flush_and_exit(self) -> None:
        """Wait about a second at most for the writer, then exit without native clean-up."""
        for _ in range(100):
            if self._queue.empty():
                break
            time.sleep(0.01)
        time.sleep(0.05)
        os._exit(1)


def main(mode: str, read_fd: int, write_fd: int, parent: int, dies_with_thread: bool) -> None:
    """Entry point of the child process."""
    _guard(read_fd, parent, dies_with_thread)
    outbox = Outbox(write_fd)
    try:
        native.start()
        inbox = _Inbox(read_fd, parent)
        if mode == "inspect":
            outbox.put(("facts", read_facts(*inbox.first())))
        else:
            _serve(inbox, outbox)
    except EngineError as error:
        outbox.put(("refused", str(error)))
    except MemoryError as error:
        outbox.put(("no memory", str(error)))
    except Exception as error:  # noqa: BLE001  reported to the caller
        traceback.print_exc()
        outbox.put(("failed", f"{type(error).__name__}: {error}"))
    outbox.flush_and_exit()


def _guard(read_fd: int, parent: int, dies_with_thread: bool) -> None:
    """Disable core files and Ctrl-C, and make the process end with its parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    if dies_with_thread and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


class _Inbox:
    """Reads messages, and exits when the parent has ended."""

    def __init__(self, fd: int, parent: int) -> None:
        self._fd = fd
        self._decoder = wire.Decoder()
        self._ready: list[Any] = []
        try:
            self._parent = os.pidfd_open(parent)
        except (AttributeError, OSError):
            self._parent = -1

    def receive(self) -> list[Any]:
        """Return the next messages; exit the process when no more can arrive."""
        while not self._ready:
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            if self._parent >= 0:
                poll.register(self._parent, select.POLLIN)
            events = dict(poll.poll())
            if self._parent in events:
                os._exit(0)
            data = os.read(self._fd, 1 << 16)
            if not data:
                os._exit(0)
            self._ready = self._decoder.feed(data)
        ready, self._ready = self._ready, []
        return ready

    def first(self) -> Any:
        """Return the first message; the others are returned by `receive`."""
        message, *self._ready = self.receive()
        return message


def load(
    settings: EngineSettings, shrink: int, heartbeat: Callable[[], object]
) -> tuple[native.Model, native.Cache, Plan]:
    """Load the model and allocate a cache that fits beside it.

    Calls `heartbeat` about once a second. Raises EngineError or MemoryError.
    """
    last = 0.0

    def progress() -> bool:
        nonlocal last
        if time.monotonic() - last > HEARTBEAT_SECONDS:
            last = time.monotonic()
            heartbeat()
        return True

    devices = native.devices() if settings.n_gpu_layers != 0 else []
    free = free_host_memory()
    model = native.Model(settings.model_path, settings, progress=progress)
    if not model.decodes:
        raise EngineError(f"{settings.model_path}: this model does not continue text; use a base language model")
    if devices:
        free = sum(device.free for device in native.devices())
        name = ", ".join(f"{d.description} ({d.name})" for d in devices)
    else:
        free, name = max(1, free - model.size_bytes) if free else 0, CPU
    plan = make_plan(
        settings,
        model.sizes(settings.type_k, settings.type_v),
        free_bytes=free,
        device=name,
        on_gpu=bool(devices),
        shrink=shrink,
    )
    return model, native.Cache(model, settings, plan, sum(seq_id_counts(plan))), plan


def _serve(inbox: _Inbox, outbox: Outbox) -> None:
    settings, shrink = inbox.first()
    free_cores = FreeCores()
    model, cache, plan = load(settings, shrink, lambda: outbox.put(("heartbeat", None)))
    engine = Engine(model, settings, plan, cache, Batcher(model, cache, plan, settings))
    jobs: _Jobs = queue.SimpleQueue()
    threading.Thread(target=_read, args=(inbox, jobs, model, outbox), daemon=True).start()
    outbox.put(("ready", plan))
    last = time.monotonic()
    while True:
        while not (jobs.empty() and engine.batcher.busy):
            job = jobs.get()
            if not engine.batcher.busy:
                free_cores.restart()
                if job is not None:
                    engine = engine.suited_to(job)
                    engine.batcher.on_start = lambda key: outbox.put(("started", key))
                    engine.cache.use_threads(free_cores.threads(plan.n_threads))
            if job is None:
                engine.batcher.cancel()
            else:
                engine.batcher.submit(job)
        batcher = engine.batcher
        finished = batcher.step()
        if not batcher.busy or time.monotonic() - last > HEARTBEAT_SECONDS:
            last = time.monotonic()
            outbox.put(("heartbeat", batcher.take_counters()))
            engine.cache.use_threads(free_cores.threads(plan.n_threads))
        for key, completion in finished:
            outbox.put(("done", key, completion))


def _read(inbox: _Inbox, jobs: _Jobs, model: native.Model, outbox: Outbox) -> None:
    """Tokenize requests into `jobs`; None in it cancels all jobs before it."""
    prompts = Prompts(model)
    try:
        while True:
            for message in inbox.receive():
                try:
                    jobs.put(None if message is None else prompts.job(*message))
                except EngineError as error:
                    outbox.put(("invalid", message[0], str(error)))
    except Exception as error:  # noqa: BLE001  reported to the caller
        traceback.print_exc()
        outbox.put(("failed", f"{type(error).__name__}: {error}"))
        outbox.flush_and_exit()
