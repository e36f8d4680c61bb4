"""The embedded engine, on the caller's side: llama.cpp in a process that may die at any time.

`generate` keeps a bounded number of requests in flight in the engine process and yields their
completions. If that process crashes, is killed or sends no heartbeat, another is started and gets
the requests in flight. A request that causes deaths repeatedly is identified (`InFlight`) and
completes with reason "crash". So a kill from outside costs time, but no record.

Promised: every request completes exactly once.
Not promised: that tokens computed before a death are not computed again.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.engine import wire
from pipeline.engine.in_flight import InFlight
from pipeline.engine.inspection import check_model_file, inspect_model, load_error
from pipeline.engine.process import Child
from pipeline.engine.protocol import (
    Choice,
    Completion,
    Counters,
    EngineError,
    EngineStats,
    Plan,
    Request,
    Scores,
)
from pipeline.engine.settings import EngineSettings
from pipeline.engine.sizing import CPU

log = logging.getLogger(__name__)

# Requests in flight for each sequence: enough for the scheduler to see which contexts recur.
IN_FLIGHT = 4
LOAD_ATTEMPTS = 4
LOAD_TIMEOUT = 120.0  # seconds without a heartbeat; loading sends one every second
DEATHS_WITHOUT_COMPLETION = 8
CRASHES_IN_A_ROW = 24
_POLL_SECONDS = 1.0


class _Died(Exception):
    """The engine process has ended or is unusable; the text is the cause, or empty."""


class LlamaEngine:
    """llama.cpp in a process of its own. Use from one thread, one `generate` at a time."""

    def __init__(self, settings: EngineSettings) -> None:
        check_model_file(settings.model_path)
        path = str(Path(settings.model_path).expanduser())
        self._settings = replace(settings, model_path=path)
        self._child: Child | None = None
        self._owner = os.getpid()
        self._plan: Plan | None = None
        self._shrink = 0
        self._keys = count()
        self._stats = EngineStats()
        self._generating = False

    def start(self) -> Plan:
        """Load the model now instead of at the first request; return the plan.

        Raises EngineError when the model cannot be loaded or does not fit.
        """
        self._detach_after_fork()
        if self._child is None or self._plan is None:
            self._plan = self._load()
            for note in self._plan.notes:
                log.warning("engine: %s", note)
        return self._plan

    @property
    def pid(self) -> int | None:
        """Process id of the engine process; None while there is none."""
        return self._child.pid if self._child else None

    @property
    def leaves_cores_free(self) -> bool:
        """See `Engine`. Determined when the model is loaded."""
        return self._plan is not None and self._plan.device != CPU

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """See `Engine.token_counts`. Loads the vocabulary alone."""
        return list(inspect_model(self._settings.model_path, texts).token_counts)

    def stats(self) -> EngineStats:
        return self._stats

    def close(self) -> None:
        """End the process. A later `generate` starts another one."""
        self._detach_after_fork()
        self._end(grace=2.0)

    def __enter__(self) -> LlamaEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """See `Engine.generate`. Closing the iterator early cancels requests in flight."""
        if self._generating and self._owner == os.getpid():
            raise EngineError("the engine is already generating: one generate() at a time")
        return self._generate(iter(requests))

    def score(self, choices: Iterable[Choice]) -> Iterator[Scores]:
        """See `Engine.score`."""
        completions = self.generate(choice.request() for choice in choices)
        return (Scores.of(completion) for completion in completions)

    def _generate(self, source: Iterator[Request]) -> Generator[Completion, None, None]:
        in_flight, began = InFlight(), time.monotonic()
        self._generating = True
        try:
            for request in source:
                limit = IN_FLIGHT * max(16, self.start().n_seq)
                in_flight.requests[next(self._keys)] = request
                self._count(requests=1)
                yield from self._collect(in_flight, wait=False)
                while len(in_flight.requests) >= limit:
                    yield from self._collect(in_flight, wait=True)
            while in_flight.requests:
                yield from self._collect(in_flight, wait=True)
        except (KeyboardInterrupt, SystemExit):
            self._end()  # a message may be partly written
            raise
        finally:
            self._generating = False
            self._count(seconds=time.monotonic() - began)
            if in_flight.requests and self._child is not None:
                self._cancel(self._child)

    def _collect(self, in_flight: InFlight, *, wait: bool) -> Iterator[Completion]:
        """Send due requests and yield completions, restarting the process whenever it dies."""
        completions: list[Completion] = []
        while True:
            try:
                self._dispatch(in_flight)
                completions = self._receive(in_flight, wait)
            except _Died as death:
                completions = self._restart(in_flight, str(death))
            for completion in completions:
                self._account(in_flight, completion)
            yield from completions
            if completions or not wait:
                return

    def _dispatch(self, in_flight: InFlight) -> None:
        child = self._child
        if child is None:
            raise _Died("")
        try:
            for key in in_flight.to_send():
                child.send((key, in_flight.requests[key]))
                in_flight.sent.add(key)
        except wire.Closed as error:
            raise _Died("") from error

    def _receive(self, in_flight: InFlight, wait: bool) -> list[Completion]:
        """Return completions from the next messages that contain any. Raises _Died."""
        assert self._child is not None
        deadline = time.monotonic() + self._settings.step_timeout
        while True:
            try:
                messages = self._child.receive(_POLL_SECONDS if wait else 0.0)
            except wire.Closed as error:
                raise _Died("") from error
            handled = [self._handle(in_flight, message) for message in messages]
            completions = [completion for completion in handled if completion is not None]
            if completions or not wait:
                return completions
            if messages:
                deadline = time.monotonic() + self._settings.step_timeout
            elif time.monotonic() > deadline:
                raise _Died(f"no sign of life for {self._settings.step_timeout:.0f} s")

    def _handle(self, in_flight: InFlight, message: tuple[Any, ...]) -> Completion | None:
        """Process one message; see `wire` for their forms. Raises _Died and EngineError."""
        kind = message[0]
        if kind == "done":
            completion: Completion = message[2]
            return completion if in_flight.remove(message[1]) is not None else None
        if kind == "started" and message[1] in in_flight.sent:
            in_flight.running.add(message[1])
        elif kind == "heartbeat" and message[1] is not None:
            counters: Counters = message[1]
            native_seconds = counters.decode_seconds + counters.sample_seconds
            self._count(
                steps=counters.steps,
                tokens_read=counters.prompt_tokens,
                tokens_drawn=counters.new_tokens,
                decode_seconds=counters.decode_seconds,
                sample_seconds=counters.sample_seconds,
                python_seconds=counters.step_seconds - native_seconds,
            )
        elif kind == "invalid" and in_flight.remove(message[1]) is not None:
            raise EngineError(message[2])
        elif kind in ("failed", "refused", "no memory"):
            raise _Died(str(message[1]))
        return None

    def _account(self, in_flight: InFlight, completion: Completion) -> None:
        in_flight.record_completion(completion)
        self._count(
            completions=1,
            prompt_tokens_needed=completion.prompt_tokens,
            prompt_tokens_computed=completion.computed_prompt_tokens,
            new_tokens=completion.new_tokens,
        )

    def _count(self, **amounts: float) -> None:
        old = self._stats
        self._stats = replace(old, **{k: getattr(old, k) + v for k, v in amounts.items()})

    # Starting and ending the process

    def _restart(self, in_flight: InFlight, cause: str) -> list[Completion]:
        """Start another process; return the completion of the request that caused the death."""
        how = self._reap(cause)
        culprit = in_flight.record_death()
        completions = []
        if culprit is not None:
            request = in_flight.requests[culprit]
            in_flight.remove(culprit)
            detail = f"it ended the engine twice: {how}"
            completions.append(Completion(request.id, "", "crash", detail))
        if in_flight.deaths_since_completion > DEATHS_WITHOUT_COMPLETION:
            raise EngineError(
                f"the engine's process died {in_flight.deaths_since_completion} times in a row "
                f"({how}): try another build of llama-cpp-python, fewer sequences "
                "([engine] n_seq) or the CPU "
                "([engine] n_gpu_layers = 0)"
            )
        if in_flight.crashes_in_a_row + len(completions) > CRASHES_IN_A_ROW:
            raise EngineError(
                f"the engine's process died on {CRASHES_IN_A_ROW} requests in a row ({how}): the "
                "model or the device is at fault, not the requests"
            )
        self._count(restarts=1)
        log.warning("engine: its process ended (%s); starting another", how)
        self._plan = self._load()
        return completions

    def _reap(self, cause: str) -> str:
        """End a dead or unusable process; return the cause of its end."""
        child, self._child = self._child, None
        if child is None:
            return cause or "it was closed"
        child.end()
        how = cause or child.exit_cause()
        self._shrink += child.ran_out_of_memory()
        return how

    def _load(self) -> Plan:
        """Start a process and load the model, with fewer sequences after it ran out of memory."""
        how = ""
        for _ in range(LOAD_ATTEMPTS):
            child = self._child = Child("serve")
            try:
                kind, value = self._first_reply(child)
            except wire.Closed:
                child.end()
                how = child.exit_cause()
                self._shrink += child.ran_out_of_memory()
                continue
            except BaseException:
                self._end()
                raise
            if kind == "ready":
                plan: Plan = value
                return plan
            self._end(grace=1.0)
            if kind == "no memory":
                how = str(value)
                self._shrink += 1
            elif kind == "refused":
                text = str(value)
                lines = child.log_lines()
                if text.endswith("cannot load this file"):
                    raise load_error(self._settings.model_path, lines)
                raise EngineError(text)
            else:
                raise EngineError(f"{self._settings.model_path}: {value}")
        raise EngineError(
            f"{self._settings.model_path}: the engine does not start ({how}): set fewer sequences "
            "([engine] n_seq), a smaller window ([engine] n_ctx), or use a smaller model"
        )

    def _first_reply(self, child: Child) -> tuple[str, Any]:
        child.send((self._settings, self._shrink))
        timeout = max(LOAD_TIMEOUT, self._settings.step_timeout)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for message in child.receive(_POLL_SECONDS):
                deadline = time.monotonic() + timeout
                if message[0] != "heartbeat":
                    return message[0], message[1]
        return "failed", f"not loaded: no sign of life for {timeout:.0f} s"

    def _cancel(self, child: Child) -> None:
        """Cancel the requests of the process, which keeps the model and the cached contexts."""
        try:
            child.send(None)
        except wire.Closed:
            self._end()

    def _end(self, grace: float = 0.0) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(grace)

    def _detach_after_fork(self) -> None:
        """In a fork of the engine's owner: leave the engine process to the owner."""
        if self._owner != os.getpid():
            if self._child is not None:
                self._child.detach()
            self._child, self._owner, self._generating = None, os.getpid(), False
