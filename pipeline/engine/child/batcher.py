"""Continuous batched decoding of many sequences over one KV cache.

Theory of operation. All sequences live in one unified cache, and a sequence id is a label on cells,
so a prefix is shared by labelling its cells again (`Cache.copy`), which costs neither memory nor
arithmetic. There are three kinds of label: a *context* (few-shot prefix), a *group* (a whole
prompt, kept until its last sample has started) and a *sequence* (one sample being generated). A
step is one llama_decode of at most `n_batch` tokens: one of every running sequence, and as many
prompt tokens as still fit. So a prompt holds generation up for one batch at most, and a sequence
that ends is replaced in the next step.

A sample is drawn by a sampler of its own, seeded by its request: what runs beside it can
change the rounding of its logits, and nothing else.

In: jobs. Out: completions, in the order they finish. No input or output of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.engine.child.contexts import Context, Job
from pipeline.engine.child.native import Cache, Model
from pipeline.engine.child.sampling import Sampler, Scale
from pipeline.engine.child.schedule import Group, Schedule
from pipeline.engine.child.stops import GrowingText
from pipeline.engine.protocol import Completion, EngineSettings, Plan, Reason

# A step that looks at this many logits or more draws its tokens on several threads.
THREADED_LOGITS = 1_000_000


@dataclass(slots=True, eq=False)
class _Sequence:
    label: int
    job: Job
    group: Group
    sampler: Sampler | Scale
    text: GrowingText
    token: int
    position: int  # of `token`
    computed: int
    new_tokens: int = 0


@dataclass(slots=True)
class Counters:
    """What was done since the counters were last taken."""

    steps: int = 0
    prompt_tokens: int = 0
    new_tokens: int = 0
    step_seconds: float = 0.0
    decode_seconds: float = 0.0
    sample_seconds: float = 0.0


class Batcher:
    """Keeps the batch full: `submit` jobs, call `step` while it is `busy`."""

    def __init__(self, model: Model, cache: Cache, plan: Plan, settings: EngineSettings) -> None:
        self._model, self._cache, self._plan = model, cache, plan
        self._schedule = Schedule(cache, plan)
        self._labels = list(range(plan.n_seq))[::-1]
        self._running: list[_Sequence] = []
        self._finished: list[tuple[int, Completion]] = []
        self._pieces: dict[int, bytes | None] = {}
        # A recurrent state cannot be cut back by one token: there the last token of a prompt is
        # left to every sample.
        self._left_over = 0 if model.splits_sequences else 1
        self._n_threads = settings.sample_threads or min(16, plan.n_threads)
        self._threads = ThreadPoolExecutor(self._n_threads) if self._n_threads > 1 else None
        self.counters = Counters()
        self.on_start: Callable[[int], None] = lambda _key: None

    @property
    def busy(self) -> bool:
        return bool(self._running or self._finished or self._schedule.busy)

    def submit(self, job: Job) -> None:
        """Queue a job, or refuse it at once if it cannot fit into the window."""
        request, length = job.request, job.prompt_tokens
        if length + request.max_tokens > self._plan.window:
            detail = (
                f"prompt of {length} tokens + max_tokens {request.max_tokens} = "
                f"{length + request.max_tokens}, more than the window of {self._plan.window}"
            )
            refused = Completion(request.id, "", "window", detail, prompt_tokens=length)
            self._finished.append((job.key, refused))
        else:
            self._schedule.submit(job)

    def step(self) -> list[tuple[int, Completion]]:
        """Admit what fits, evaluate one batch, draw a token wherever there are logits."""
        started = time.perf_counter()
        for group, job in self._schedule.admit():
            self._start_late(group, job)
        drawn = [(sequence, row) for row, sequence in enumerate(self._running)]
        n_rows = len(drawn)
        size, evaluated = self._fill()
        if size:
            before = time.perf_counter()
            self._cache.decode(size)
            self.counters.decode_seconds += time.perf_counter() - before
            self.counters.steps += 1
        for group in evaluated:
            for job in self._schedule.evaluated(group):
                if self._left_over:
                    self._start_late(group, job)
                else:
                    drawn.append((self._start(group, job), n_rows))
            n_rows += 1 - self._left_over
        if drawn:
            before = time.perf_counter()
            tokens = self._draw(drawn, self._cache.logits(n_rows, self._model.n_vocab))
            self.counters.sample_seconds += time.perf_counter() - before
            self._extend(drawn, tokens)
        self.counters.step_seconds += time.perf_counter() - started
        finished, self._finished = self._finished, []
        return finished

    def cancel(self) -> None:
        """Forget every job; evaluated contexts stay."""
        for sequence in self._running:
            self._release(sequence)
        self._running = []
        self._schedule.cancel()
        self._finished = []

    def take_counters(self) -> Counters:
        taken, self.counters = self.counters, Counters()
        return taken

    def _fill(self) -> tuple[int, list[Group]]:
        """Build the batch: its size, and the groups whose prompts it completes, in its order."""
        cache, size = self._cache, len(self._running)
        if size:
            cache.tokens[:size] = [s.token for s in self._running]
            cache.positions[:size] = [s.position for s in self._running]
            cache.sequences[:size] = [s.label for s in self._running]
            cache.outputs[:size] = 1
        evaluated: list[Group] = []
        filled: list[tuple[Context, int]] = []
        for group in self._schedule.admitted:
            if not group.promised:
                continue
            context = group.first.context
            if not context.ready:
                if not context.filling and (n := self._add(context, size)):
                    filled.append((context, n))
                    context.filling = True
                    group.computed += n
                    size += n
                continue
            if group.done < 0:
                cache.copy(context.label, group.label, len(context.tokens))
                group.done = 0
            size = self._add_tail(group, size)
            if group.done == len(group.first.tail) - self._left_over:
                evaluated.append(group)
        for context, n in filled:
            context.done += n
            context.filling = False
        return size, evaluated

    def _add(self, context: Context, size: int) -> int:
        done = context.done
        n = min(self._plan.n_batch - size, len(context.tokens) - done)
        self._put(size, context.tokens[done : done + n], done, context.label)
        return n

    def _add_tail(self, group: Group, size: int) -> int:
        tail, context = group.first.tail, group.first.context
        n = min(self._plan.n_batch - size, len(tail) - self._left_over - group.done)
        if n > 0:
            position = len(context.tokens) + group.done
            self._put(size, tail[group.done : group.done + n], position, group.label)
            group.done += n
            group.computed += n
            size += n
            if group.done == len(tail):
                self._cache.outputs[size - 1] = 1
        return size

    def _put(self, at: int, tokens: Any, position: int, label: int) -> None:
        end = at + len(tokens)
        self._cache.tokens[at:end] = tokens
        self._cache.positions[at:end] = np.arange(position, position + len(tokens))
        self._cache.sequences[at:end] = label
        self._cache.outputs[at:end] = 0
        self.counters.prompt_tokens += len(tokens)

    def _start(self, group: Group, job: Job) -> _Sequence:
        """A sequence on the whole prompt, whose first token is about to be drawn."""
        return self._new(group, job, job.prompt_tokens, 0, job.prompt_tokens - 1)

    def _start_late(self, group: Group, job: Job) -> None:
        """A sequence that evaluates the prompt's last token once more, to have its logits."""
        length = job.prompt_tokens
        self._new(group, job, length - 1, int(job.tail[-1]), length - 1).computed += 1
        self.counters.prompt_tokens += 1

    def _new(self, group: Group, job: Job, copied: int, token: int, position: int) -> _Sequence:
        request = job.request
        sequence = _Sequence(
            label=self._labels.pop(),
            job=job,
            group=group,
            sampler=Scale(job.options) if job.options else Sampler(request.sampling, request.seed),
            text=GrowingText(request.stops),
            token=token,
            position=position,
            computed=group.computed,
        )
        group.computed = 0
        self._cache.copy(group.label, sequence.label, copied)
        self._running.append(sequence)
        self.on_start(job.key)
        return sequence

    def _draw(self, drawn: list[tuple[_Sequence, int]], logits: np.ndarray) -> list[int]:
        """One token for each sequence from its row of `logits`."""
        if self._threads is None or len(drawn) * self._model.n_vocab < THREADED_LOGITS:
            return _draw_each(drawn, logits)
        share = -(-len(drawn) // self._n_threads)
        parts = [drawn[i : i + share] for i in range(0, len(drawn), share)]
        work = self._threads.map(lambda part: _draw_each(part, logits), parts)
        return [token for tokens in work for token in tokens]

    def _extend(self, drawn: list[tuple[_Sequence, int]], tokens: list[int]) -> None:
        pieces = self._pieces
        ended = False
        for (sequence, _row), token in zip(drawn, tokens, strict=True):
            sequence.new_tokens += 1
            sequence.token = token
            sequence.position += 1
            if token in pieces:
                piece = pieces[token]
            else:
                piece = pieces[token] = self._piece(token)
            if piece is None or sequence.job.options or sequence.text.append(piece):
                self._finish(sequence, "stop")
            elif sequence.new_tokens == sequence.job.request.max_tokens:
                self._finish(sequence, "length")
            else:
                continue
            ended = True
        self.counters.new_tokens += len(drawn)
        if ended:
            self._running = [s for s in self._running if s.label >= 0]

    def _piece(self, token: int) -> bytes | None:
        return None if self._model.ends(token) else self._model.piece(token)

    def _finish(self, sequence: _Sequence, reason: Reason) -> None:
        job = sequence.job
        completion = Completion(
            id=job.request.id,
            text=sequence.text.text(),
            reason=reason,
            prompt_tokens=job.prompt_tokens,
            computed_prompt_tokens=sequence.computed,
            new_tokens=sequence.new_tokens,
            logprobs=sequence.sampler.logprobs,
        )
        self._finished.append((job.key, completion))
        self._release(sequence)

    def _release(self, sequence: _Sequence) -> None:
        self._cache.drop(sequence.label)
        self._labels.append(sequence.label)
        sequence.label = -1
        self._schedule.ended(sequence.group, sequence.job)


def _draw_each(drawn: list[tuple[_Sequence, int]], logits: np.ndarray) -> list[int]:
    return [sequence.sampler.draw(logits[row]) for sequence, row in drawn]
