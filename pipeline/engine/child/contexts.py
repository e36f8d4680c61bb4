"""Few-shot contexts, and the pool of KV cache cells that contexts and sequences share.

A context is tokenized once and evaluated once. It stays in the cache while requests use it or wait
for it. To make room, the least recently used idle context is evicted first. A context that served a
single prompt and that no queued prompt needs is evicted at once, so that contexts drawn for one
record each do not fill the cache.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from pipeline.engine.child.native import Cache, Model
from pipeline.engine.protocol import EngineError, Request


@dataclass(slots=True, eq=False)
class Context:
    """A prefix, compared by identity.

    seq_id: its sequence id while it is in the cache, else -1
    evaluated: number of tokens evaluated
    in_batch: whether some of its tokens are in the batch being built
    waiting: queued groups that need it
    users: groups whose sequences share its cells
    served: groups that have used it since it was loaded
    """

    tokens: np.ndarray
    seq_id: int = -1
    evaluated: int = 0
    in_batch: bool = False
    waiting: int = 0
    users: int = 0
    served: int = 0

    @property
    def ready(self) -> bool:
        return self.evaluated == len(self.tokens)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A request with its prompt tokenized.

    key: the caller's number for it
    options: first token of each of the request's options
    """

    key: int
    request: Request
    context: Context
    tail: np.ndarray
    options: tuple[int, ...] = ()

    @property
    def prompt_tokens(self) -> int:
        return len(self.context.tokens) + len(self.tail)


class Prompts:
    """Tokenizes prompts. Contexts are kept: the last `size` different ones are tokenized once."""

    def __init__(self, model: Model, size: int = 256) -> None:
        self._model, self._size = model, size
        self._contexts: OrderedDict[tuple[str, bool, bool], Context] = OrderedDict()

    def job(self, key: int, request: Request) -> Job:
        """Raises EngineError when two options of the request begin with the same token."""
        tail = self._model.tokenize(request.tail, first=False)
        context = self._context(request.context, whole=bool(tail), special=request.chat)
        if not tail:  # at least one token must be evaluated, to have logits to draw from
            tail = self._model.tokenize(request.context, first=True, special=request.chat)[-1:]
        return Job(key, request, context, np.array(tail, np.int32), self._options(request))

    def _options(self, request: Request) -> tuple[int, ...]:
        first: dict[int, str] = {}
        for option in request.options:
            token = self._model.tokenize(option, first=False)[0]
            if token in first:
                raise EngineError(
                    f"{request.id}: the options {first[token]!r} and {option!r} begin with the "
                    "same token of this model: choose others"
                )
            first[token] = option
        return tuple(first)

    def _context(self, text: str, *, whole: bool, special: bool) -> Context:
        key = text, whole, special
        context = self._contexts.get(key)
        if context is None:
            tokens = self._model.tokenize(text, first=True, special=special)
            context = Context(np.array(tokens if whole else tokens[:-1], np.int32))
            self._contexts[key] = context
            if len(self._contexts) > self._size:
                self._contexts.popitem(last=False)
        else:
            self._contexts.move_to_end(key)
        return context


class CellPool:
    """The cells of the KV cache, and the contexts in it.

    `seq_ids` are the sequence ids for contexts. `eager`: loading a context evicts all idle contexts
    that no queued group needs, because every used cell makes attention slower.
    """

    def __init__(self, cache: Cache, cells: int, seq_ids: list[int], *, eager: bool) -> None:
        self._cache, self._free, self._seq_ids, self._eager = cache, cells, seq_ids, eager
        self._cached: OrderedDict[Context, None] = OrderedDict()  # least recently used first

    @property
    def free(self) -> int:
        """Number of cells that are not reserved."""
        return self._free

    def reserve(self, cells: int, context: Context | None = None, *, overtaking: bool = False) -> bool:
        """Reserve KV cells for a prompt, loading its context if needed; False if it does not fit.

        Evicts idle contexts, including those that queued groups need unless `overtaking`. Every
        successful call with a context must be paired with `leave`.
        """
        loads = context is not None and context.seq_id < 0
        need = cells + (len(context.tokens) if context is not None and loads else 0)
        if loads and self._eager:
            for idle in [c for c in self._cached if not c.users and not c.waiting]:
                self.evict(idle)
        while self._free < need or (loads and not self._seq_ids):
            victim = self._victim(context, overtaking)
            if victim is None:
                return False
            self.evict(victim)
        self._free -= need
        if context is not None:
            if loads:
                context.seq_id, context.evaluated, context.served = self._seq_ids.pop(), 0, 0
                self._cached[context] = None
            self._cached.move_to_end(context)
            context.users += 1
            context.served += 1
        return True

    def release(self, cells: int) -> None:
        """Return reserved cells to the pool. The cells of contexts are released by eviction."""
        self._free += cells

    def leave(self, context: Context) -> None:
        """End a group's use of `context`."""
        context.users -= 1
        if not context.users and not context.waiting and context.served == 1:
            self.evict(context)

    def _victim(self, spared: Context | None, overtaking: bool) -> Context | None:
        idle = [c for c in self._cached if not c.users and c is not spared]
        unneeded = [c for c in idle if not c.waiting]
        if unneeded:
            return unneeded[0]
        return idle[0] if idle and not overtaking else None

    def evict(self, context: Context) -> None:
        self._cache.drop(context.seq_id)
        self._seq_ids.append(context.seq_id)
        self._free += len(context.tokens)
        context.seq_id, context.evaluated = -1, 0
        del self._cached[context]

    def evict_all(self) -> None:
        """Evict all contexts, which must be idle."""
        for context in list(self._cached):
            self.evict(context)

    def evict_unfinished(self) -> None:
        """Evict the idle contexts that are only partly evaluated."""
        for context in [c for c in self._cached if not c.users and not c.ready]:
            self.evict(context)
