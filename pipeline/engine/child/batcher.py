"""Continuous batched decoding of many sequences over one KV cache.

Theory of operation. All sequences share one unified cache, in which a cell may belong to several
sequence ids. A prefix is shared by adding a sequence id to its cells (`Cache.copy`), which costs
neither memory nor arithmetic. A sequence id belongs to a *context* (few-shot prefix), a *group* (a
whole prompt, kept until its last sample has started) or a *sequence* (one sample being generated).

A step is one llama_decode of at most `n_batch` tokens: one of every running sequence, and as many
prompt tokens as still fit. So a prompt delays generation by one batch at most, and a sequence that
ends is replaced in the next step.

Each sample is drawn by its own sampler, seeded by its request: other samples in the batch can
change the rounding of its logits, and nothing else.

In: jobs. Out: completions, in the order in which they finish. No files, no messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pipeline.engine.child.contexts import Context, Job
from pipeline.engine.child.native import Cache, Model
from pipeline.engine.child.sampling import OptionScorer, Sampler
from pipeline.engine.child.scheduler import Group, Scheduler
from pipeline.engine.child.stops import GrowingText
from pipeline.engine.protocol import Completion, Counters, Plan, Reason
from pipeline.engine.settings import EngineSettings

# A step that samples from this many logits or more draws its tokens on several threads.
THREADED_LOGITS = 1_000_000
# Whether a sequence is ended early depends on its own tokens alone: it is decided at fixed numbers of them.
TOKENS_BETWEEN_LOOKS = 32


@dataclass(slots=True, eq=False)
class _Sequence:
    """One sample being generated; `seq_id` is -1 once it has ended.

    token, position: the last token, to be evaluated in the next step
    computed: prompt tokens evaluated for this sample
    """

    seq_id: int
    job: Job
    group: Group
    sampler: Sampler | OptionScorer
    text: GrowingText
    token: int
    position: int
    computed: int
    new_tokens: int = 0


class Batcher:
    """Keeps the batch full: `submit` jobs, call `step` while it is `busy`."""

    def __init__(self, model: Model, cache: Cache, plan: Plan, settings: EngineSettings) -> None:
        self._model, self._cache, self._plan = model, cache, plan
        self._scheduler = Scheduler(cache, plan)
        self._seq_ids = list(range(plan.n_seq))[::-1]
        self._running: list[_Sequence] = []
        self._finished: list[tuple[int, Completion]] = []
        self._pieces: dict[int, bytes | None] = {}
        # A recurrent state cannot be truncated by one token. With such a model the last token of a
        # prompt is not evaluated with the prompt, but by every sample.
        self._unevaluated = 0 if model.splits_sequences else 1
        self._n_threads = settings.sample_threads or min(16, plan.n_threads)
        self._threads = ThreadPoolExecutor(self._n_threads) if self._n_threads > 1 else None
        self.counters = Counters()
        self.on_start: Callable[[int], None] = lambda _key: None

    @property
    def busy(self) -> bool:
        return bool(self._running or self._finished or self._scheduler.busy)

    def submit(self, job: Job) -> None:
        """Queue a job, or complete it at once with reason "window" if it exceeds the window."""
        request, length = job.request, job.prompt_tokens
        if length + request.max_tokens > self._plan.window:
            detail = (
                f"prompt of {length} tokens + max_tokens {request.max_tokens} = "
                f"{length + request.max_tokens}, more than the window of {self._plan.window}"
            )
            refused = Completion(request.id, "", "window", detail, prompt_tokens=length)
            self._finished.append((job.key, refused))
        else:
            self._scheduler.submit(job)

    def step(self) -> list[tuple[int, Completion]]:
        """Admit what fits, evaluate one batch, draw a token from each row of logits.

        Returns the completions, with the keys of their jobs.
        """
        started = time.perf_counter()
        for group, job in self._scheduler.admit():
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
            for job in self._scheduler.start_reserved(group):
                if self._unevaluated:
                    self._start_late(group, job)
                else:
                    drawn.append((self._start(group, job), n_rows))
            n_rows += 1 - self._unevaluated
        if drawn:
            before = time.perf_counter()
            tokens = self._draw(drawn, self._cache.logits(n_rows, self._model.n_vocab))
            self.counters.sample_seconds += time.perf_counter() - before
            self._extend(drawn, tokens)
        self.counters.step_seconds += time.perf_counter() - started
        finished, self._finished = self._finished, []
        return finished

    def cancel(self) -> None:
        """Drop all jobs; evaluated contexts stay in the cache."""
        for sequence in self._running:
            self._release(sequence)
        self._running = []
        self._scheduler.cancel()
        self._finished = []

    def close(self) -> None:
        """Leave the cache, in which nothing is running or queued; contexts may be used with another one."""
        self._scheduler.close()
        if self._threads is not None:
            self._threads.shutdown()

    def take_counters(self) -> Counters:
        """Return the counters and reset them."""
        counters, self.counters = self.counters, Counters()
        return counters

    def _fill(self) -> tuple[int, list[Group]]:
        """Build the batch; return its size and, in its order, the groups whose prompts it ends."""
        cache, size = self._cache, len(self._running)
        if size:
            cache.tokens[:size] = [s.token for s in self._running]
            cache.positions[:size] = [s.position for s in self._running]
            cache.sequences[:size] = [s.seq_id for s in self._running]
            cache.outputs[:size] = 1
        evaluated: list[Group] = []
        added: list[tuple[Context, int]] = []
        for group in self._scheduler.admitted:
            if not group.reserved:
                continue
            context = group.first.context
            if not context.ready:
                if not context.in_batch and (n := self._add_context(context, size)):
                    added.append((context, n))
                    context.in_batch = True
                    group.computed += n
                    size += n
                continue
            if group.evaluated < 0:
                cache.copy(context.seq_id, group.seq_id, len(context.tokens))
                group.evaluated = 0
            size = self._add_tail(group, size)
            if group.evaluated == len(group.first.tail) - self._unevaluated:
                evaluated.append(group)
        for context, n in added:
            context.evaluated += n
            context.in_batch = False
        return size, evaluated

    def _add_context(self, context: Context, size: int) -> int:
        """Add tokens of a context to a batch of `size`; return their number."""
        start = context.evaluated
        n = min(self._plan.n_batch - size, len(context.tokens) - start)
        self._put(size, context.tokens[start : start + n], start, context.seq_id)
        return n

    def _add_tail(self, group: Group, size: int) -> int:
        """Add tokens of a tail to a batch of `size`; return the new size."""
        tail, start = group.first.tail, group.evaluated
        n = min(self._plan.n_batch - size, len(tail) - self._unevaluated - start)
        if n > 0:
            position = len(group.first.context.tokens) + start
            self._put(size, tail[start : start + n], position, group.seq_id)
            group.evaluated += n
            group.computed += n
            size += n
            if group.evaluated == len(tail):
                self._cache.outputs[size - 1] = 1
        return size

    def _put(self, at: int, tokens: np.ndarray, position: int, seq_id: int) -> None:
        end = at + len(tokens)
        self._cache.tokens[at:end] = tokens
        self._cache.positions[at:end] = np.arange(position, position + len(tokens))
        self._cache.sequences[at:end] = seq_id
        self._cache.outputs[at:end] = 0
        self.counters.prompt_tokens += len(tokens)

    def _start(self, group: Group, job: Job) -> _Sequence:
        """Start a sequence on an evaluated prompt; its first token is drawn in this step."""
        return self._new(group, job, job.prompt_tokens, 0, job.prompt_tokens - 1)

    def _start_late(self, group: Group, job: Job) -> None:
        """Start a sequence that evaluates the prompt's last token itself, to have its logits."""
        length = job.prompt_tokens
        self._new(group, job, length - 1, int(job.tail[-1]), length - 1).computed += 1
        self.counters.prompt_tokens += 1

    def _new(self, group: Group, job: Job, copied: int, token: int, position: int) -> _Sequence:
        sequence = _Sequence(
            seq_id=self._seq_ids.pop(),
            job=job,
            group=group,
            sampler=_sampler(job),
            text=GrowingText(job.request.stops),
            token=token,
            position=position,
            computed=group.computed,
        )
        group.computed = 0
        self._cache.copy(group.seq_id, sequence.seq_id, copied)
        self._running.append(sequence)
        self.on_start(job.key)
        return sequence

    def _draw(self, drawn: list[tuple[_Sequence, int]], logits: np.ndarray) -> list[int]:
        """Draw one token for each sequence from its row of `logits`."""
        if self._threads is None or len(drawn) * self._model.n_vocab < THREADED_LOGITS:
            return _draw_each(drawn, logits)
        share = -(-len(drawn) // self._n_threads)
        parts = [drawn[i : i + share] for i in range(0, len(drawn), share)]
        work = self._threads.map(lambda part: _draw_each(part, logits), parts)
        return [token for tokens in work for token in tokens]

    def _extend(self, drawn: list[tuple[_Sequence, int]], tokens: list[int]) -> None:
        """Append each sequence's token to its text, and finish the sequences that end with it."""
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
            elif (reason := _early_end(sequence)) is not None:
                self._finish(sequence, reason)
            else:
                continue
            ended = True
        self.counters.new_tokens += len(drawn)
        if ended:
            self._running = [s for s in self._running if s.seq_id >= 0]

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
        self._cache.drop(sequence.seq_id)
        self._seq_ids.append(sequence.seq_id)
        sequence.seq_id = -1
        self._scheduler.finish(sequence.group, sequence.job)


def _early_end(sequence: _Sequence) -> Reason | None:
    """Why the sequence has to end before its stop, if it has to."""
    if sequence.new_tokens % TOKENS_BETWEEN_LOOKS:
        return None
    if sequence.text.is_repeating():
        return "repetition"
    request = sequence.job.request
    if request.early_end is None:
        return None
    return request.early_end(sequence.text.text(), sequence.new_tokens / request.max_tokens)


def _sampler(job: Job) -> Sampler | OptionScorer:
    if job.options:
        return OptionScorer(job.options)
    return Sampler(job.request.sampling, job.request.seed)


def _draw_each(drawn: list[tuple[_Sequence, int]], logits: np.ndarray) -> list[int]:
    return [sequence.sampler.draw(logits[row]) for sequence, row in drawn]
