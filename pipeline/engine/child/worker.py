"""The engine's own process: loads the model, answers requests until the caller goes away.

Started by `process.Child`, never imported by a caller. Messages come in on one pipe and go out on
another; standard output and error belong to llama.cpp and go to a file of the parent's. Three
threads: one reads and tokenizes (llama.cpp's tokenizer is thread-safe), one writes, and the main
one does nothing but steps, so that the device is never kept waiting by a pipe.

The process ends when its caller does, however that one dies: its request pipe closes, and where the
system can tell (Linux), the end of the parent itself is watched too, because another process may
have inherited the pipe.
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
from typing import Any

from pipeline.engine import wire
from pipeline.engine.child import native
from pipeline.engine.child.batcher import Batcher
from pipeline.engine.child.contexts import Prompts
from pipeline.engine.child.cores import FreeCores
from pipeline.engine.child.schedule import label_counts
from pipeline.engine.protocol import EngineError, EngineSettings, Plan
from pipeline.engine.sizing import CPU, free_host_memory, make_plan

BEAT_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class Outbox:
    """Sends messages from a thread of its own, so that a slow reader does not stop generation."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.put = self._queue.put
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while True:
                wire.write_all(self._fd, wire.encode(self._queue.get()))
        except OSError:
            os._exit(0)

    def flush_and_exit(self) -> None:
        """Give the writer a moment, then end the process without native clean-up."""
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
            from pipeline.engine.inspection import answer

            outbox.put(("facts", answer(*inbox.first())))
        else:
            _serve(inbox, outbox)
    except EngineError as error:
        outbox.put(("refused", str(error)))
    except MemoryError as error:
        outbox.put(("no memory", str(error)))
    except Exception as error:
        traceback.print_exc()
        outbox.put(("failed", f"{type(error).__name__}: {error}"))
    outbox.flush_and_exit()


def _guard(read_fd: int, parent: int, dies_with_thread: bool) -> None:
    """No core files, no Ctrl-C of its own, no life after the parent's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    if dies_with_thread and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


class _Inbox:
    """Reads requests; also notices that the parent has gone."""

    def __init__(self, fd: int, parent: int) -> None:
        self._fd = fd
        self._decoder = wire.Decoder()
        self._ready: list[Any] = []
        try:
            self._parent = os.pidfd_open(parent)
        except (AttributeError, OSError):
            self._parent = -1

    def receive(self) -> list[Any]:
        """The next messages; ends the process when there can be none."""
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
        message, *self._ready = self.receive()
        return message


def load(
    settings: EngineSettings, shrink: int, beat: Any
) -> tuple[native.Model, native.Cache, Plan]:
    """The model and a cache that fits beside it. Raises EngineError or MemoryError."""
    last = 0.0

    def progress() -> bool:
        nonlocal last
        if time.monotonic() - last > BEAT_SECONDS:
            last = time.monotonic()
            beat()
        return True

    devices = native.devices() if settings.n_gpu_layers != 0 else []
    free = free_host_memory()
    model = native.Model(settings.model_path, settings, progress=progress)
    if not model.decodes:
        raise EngineError(
            f"{settings.model_path}: this model does not continue text; use a base language model"
        )
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
    return model, native.Cache(model, settings, plan, sum(label_counts(plan))), plan


def _serve(inbox: _Inbox, outbox: Outbox) -> None:
    settings, shrink = inbox.first()
    free = FreeCores()
    model, cache, plan = load(settings, shrink, lambda: outbox.put(("beat", None)))
    batcher = Batcher(model, cache, plan, settings)
    batcher.on_start = lambda key: outbox.put(("started", key))
    work: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(inbox, work, model, outbox), daemon=True).start()
    outbox.put(("ready", plan))
    beat = time.monotonic()
    while True:
        while not (work.empty() and batcher.busy):
            job = work.get()
            if not batcher.busy:
                free.start_over()
            if job is None:
                batcher.cancel()
            else:
                batcher.submit(job)
        finished = batcher.step()
        if not batcher.busy or time.monotonic() - beat > BEAT_SECONDS:
            beat = time.monotonic()
            outbox.put(("beat", batcher.take_counters()))
            cache.use_threads(free.threads(plan.n_threads))
        for key, completion in finished:
            outbox.put(("done", key, completion))


def _read(inbox: _Inbox, work: Any, model: native.Model, outbox: Outbox) -> None:
    """Tokenize what comes in; `None` in `work` means: forget what came before."""
    prompts = Prompts(model)
    try:
        while True:
            for message in inbox.receive():
                try:
                    work.put(None if message is None else prompts.job(*message))
                except EngineError as error:
                    outbox.put(("invalid", message[0], str(error)))
    except Exception as error:
        traceback.print_exc()
        outbox.put(("failed", f"{type(error).__name__}: {error}"))
        outbox.flush_and_exit()
