"""The embedded engine, seen from the caller: one process that may die, and no request lost.

`generate` keeps a bounded number of requests in the engine process and hands their completions on.
If that process crashes, is killed or gives no sign of life, another is started and gets the
requests that are unanswered. Which of them did it, nobody can tell while many run together: those
that ran in two deaths run alone, and one that kills the process twice while alone is answered with
reason "crash". So a kill from outside costs time, and never a record.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.engine import wire
from pipeline.engine.inspection import check_model_file, inspect_model, load_error
from pipeline.engine.process import Child
from pipeline.engine.protocol import (
    Answer,
    Completion,
    EngineError,
    EngineSettings,
    EngineStats,
    Plan,
    Question,
    Request,
)
from pipeline.engine.sizing import CPU

log = logging.getLogger(__name__)

# Requests in the engine process at a time, for each sequence: enough to see which contexts recur.
AHEAD = 4
LOAD_ATTEMPTS = 4
LOAD_TIMEOUT = 120.0  # without a sign of life; loading gives one every second
DEATHS_TOGETHER = 2
DEATHS_ALONE = 2
DEATHS_WITHOUT_ANSWER = 8
CRASHES_IN_A_ROW = 24
_POLL_SECONDS = 1.0


class _Died(Exception):
    """The engine process is gone, or of no more use; the text says why, if it said so."""


@dataclass(slots=True)
class _Work:
    """The unanswered requests of one `generate`, by number."""

    requests: dict[int, Request] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    deaths: dict[int, int] = field(default_factory=dict)  # a request ran in, among others
    deaths_alone: dict[int, int] = field(default_factory=dict)
    alone: deque[int] = field(default_factory=deque)  # run one by one before the others
    deaths_since_answer: int = 0
    crashes_in_a_row: int = 0

    def to_send(self) -> list[int]:
        """The requests that the process should get now."""
        if self.alone:
            return [] if self.sent else [self.alone[0]]
        return [key for key in self.requests if key not in self.sent]

    def take(self, key: int) -> Request | None:
        """Remove an answered request; None for one that an earlier `generate` gave up."""
        self.sent.discard(key)
        self.running.discard(key)
        self.deaths.pop(key, None)
        self.deaths_alone.pop(key, None)
        if key in self.alone:
            self.alone.remove(key)
        return self.requests.pop(key, None)

    def blame(self) -> int | None:
        """Note a death of the process; returns the request that is now known to cause it."""
        suspects = self.running or self.sent
        ran_alone = bool(self.alone) or len(suspects) == 1
        self.sent, self.running = set(), set()
        self.deaths_since_answer += 1
        if ran_alone:
            for key in suspects:
                self.deaths_alone[key] = self.deaths_alone.get(key, 0) + 1
                if self.deaths_alone[key] >= DEATHS_ALONE:
                    return key
            return None
        for key in sorted(suspects):
            self.deaths[key] = self.deaths.get(key, 0) + 1
            if self.deaths[key] >= DEATHS_TOGETHER:
                self.alone.append(key)
        return None


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
        """Load the model now instead of at the first request; the plan it runs with.

        Raises EngineError when the model cannot be loaded or does not fit.
        """
        self._disown()
        if self._child is None or self._plan is None:
            self._plan = self._load()
            for note in self._plan.notes:
                log.warning("engine: %s", note)
        return self._plan

    @property
    def pid(self) -> int | None:
        """The engine process, while there is one."""
        return self._child.pid if self._child else None

    @property
    def leaves_cores_free(self) -> bool:
        """See `Engine`. Not known before the model is loaded."""
        return self._plan is not None and self._plan.device != CPU

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """See `Engine.token_counts`. Loads the vocabulary alone."""
        return list(inspect_model(self._settings.model_path, texts).token_counts)

    def stats(self) -> EngineStats:
        return self._stats

    def close(self) -> None:
        """End the process. A later `generate` starts another."""
        self._disown()
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
        """See `Engine.generate`. Leaving the iterator early drops what is unanswered."""
        if self._generating and self._owner == os.getpid():
            raise EngineError("the engine is already generating: one generate() at a time")
        return self._generate(iter(requests))

    def weigh(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """See `Engine.weigh`."""
        completions = self.generate(question.request() for question in questions)
        return (Answer.of(completion) for completion in completions)

    def _generate(self, source: Iterator[Request]) -> Generator[Completion, None, None]:
        work, began = _Work(), time.monotonic()
        self._generating = True
        try:
            for request in source:
                limit = AHEAD * max(16, self.start().n_seq)
                work.requests[next(self._keys)] = request
                self._count(requests=1)
                yield from self._collect(work, wait=False)
                while len(work.requests) >= limit:
                    yield from self._collect(work, wait=True)
            while work.requests:
                yield from self._collect(work, wait=True)
        except (KeyboardInterrupt, SystemExit):
            self._end()  # a message may have been cut in two
            raise
        finally:
            self._generating = False
            self._count(seconds=time.monotonic() - began)
            if work.requests and self._child is not None:
                self._abandon(self._child)

    def _collect(self, work: _Work, *, wait: bool) -> Iterator[Completion]:
        """Send what is due, and yield what is answered, through as many deaths as it takes."""
        found: list[Completion] = []
        while True:
            try:
                self._dispatch(work)
                found = self._receive(work, wait)
            except _Died as death:
                found = self._revive(work, str(death))
            for completion in found:
                self._account(work, completion)
            yield from found
            if found or not wait:
                return

    def _dispatch(self, work: _Work) -> None:
        child = self._child
        if child is None:
            raise _Died("")
        try:
            for key in work.to_send():
                child.send((key, work.requests[key]))
                work.sent.add(key)
        except wire.Closed as error:
            raise _Died("") from error

    def _receive(self, work: _Work, wait: bool) -> list[Completion]:
        """The completions of the next messages that have any. Raises _Died."""
        assert self._child is not None
        deadline = time.monotonic() + self._settings.step_timeout
        while True:
            try:
                messages = self._child.receive(_POLL_SECONDS if wait else 0.0)
            except wire.Closed as error:
                raise _Died("") from error
            found = [c for message in messages if (c := self._take(work, message)) is not None]
            if found or not wait:
                return found
            if messages:
                deadline = time.monotonic() + self._settings.step_timeout
            elif time.monotonic() > deadline:
                raise _Died(f"no sign of life for {self._settings.step_timeout:.0f} s")

    def _take(self, work: _Work, message: tuple[Any, ...]) -> Completion | None:
        kind = message[0]
        if kind == "done":
            return message[2] if work.take(message[1]) is not None else None
        if kind == "started" and message[1] in work.sent:
            work.running.add(message[1])
        elif kind == "beat" and message[1] is not None:
            done = message[1]
            self._count(
                steps=done.steps,
                decode_seconds=done.decode_seconds,
                sample_seconds=done.sample_seconds,
                python_seconds=done.step_seconds - done.decode_seconds - done.sample_seconds,
            )
        elif kind == "invalid" and work.take(message[1]) is not None:
            raise EngineError(message[2])
        elif kind in ("failed", "refused", "no memory"):
            raise _Died(str(message[1]))
        return None

    def _account(self, work: _Work, completion: Completion) -> None:
        work.deaths_since_answer = 0
        work.crashes_in_a_row = work.crashes_in_a_row + 1 if completion.reason == "crash" else 0
        self._count(
            completions=1,
            prompt_tokens_needed=completion.prompt_tokens,
            prompt_tokens_computed=completion.computed_prompt_tokens,
            new_tokens=completion.new_tokens,
        )

    def _count(self, **amounts: float) -> None:
        old = self._stats
        self._stats = replace(old, **{k: getattr(old, k) + v for k, v in amounts.items()})

    # The life of the process

    def _revive(self, work: _Work, why: str) -> list[Completion]:
        """Start another process; the completion of a request that is given up, if one is."""
        how = self._bury(why)
        killer = work.blame()
        found = []
        if killer is not None:
            request = work.requests[killer]
            work.take(killer)
            found.append(Completion(request.id, "", "crash", f"it ended the engine twice: {how}"))
        if work.deaths_since_answer > DEATHS_WITHOUT_ANSWER:
            raise EngineError(
                f"the engine's process died {work.deaths_since_answer} times in a row ({how}): try "
                "another build of llama-cpp-python, fewer sequences ([engine] n_seq) or the CPU "
                "([engine] n_gpu_layers = 0)"
            )
        if work.crashes_in_a_row + len(found) > CRASHES_IN_A_ROW:
            raise EngineError(
                f"the engine's process died on {CRASHES_IN_A_ROW} requests in a row ({how}): the "
                "model or the device is at fault, not the requests"
            )
        self._count(restarts=1)
        log.warning("engine: its process ended (%s); starting another", how)
        self._plan = self._load()
        return found

    def _bury(self, why: str) -> str:
        child, self._child = self._child, None
        if child is None:
            return why or "it was closed"
        child.end()
        how = why or child.obituary()
        self._shrink += child.ran_out_of_memory()
        return how

    def _load(self) -> Plan:
        """Start a process and load the model, with fewer sequences when memory runs out."""
        how = ""
        for _ in range(LOAD_ATTEMPTS):
            child = self._child = Child("serve")
            try:
                kind, value = self._first_answer(child)
            except wire.Closed:
                child.end()
                how = child.obituary()
                self._shrink += child.ran_out_of_memory()
                continue
            except BaseException:
                self._end()
                raise
            if kind == "ready":
                return value
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

    def _first_answer(self, child: Child) -> tuple[str, Any]:
        child.send((self._settings, self._shrink))
        patience = max(LOAD_TIMEOUT, self._settings.step_timeout)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for message in child.receive(_POLL_SECONDS):
                deadline = time.monotonic() + patience
                if message[0] != "beat":
                    return message[0], message[1]
        return "failed", f"not loaded: no sign of life for {patience:.0f} s"

    def _abandon(self, child: Child) -> None:
        """Tell the process to forget its requests; it keeps the model and the contexts."""
        try:
            child.send(None)
        except wire.Closed:
            self._end()

    def _end(self, grace: float = 0.0) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(grace)

    def _disown(self) -> None:
        """In a fork of the process that made this engine: leave its process to it."""
        if self._owner != os.getpid():
            if self._child is not None:
                self._child.forget()
            self._child, self._owner, self._generating = None, os.getpid(), False
