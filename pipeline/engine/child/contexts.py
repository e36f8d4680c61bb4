"""Few-shot contexts and the cells of the KV cache: who holds how many, and who gives way.

A context is tokenized once, evaluated once, and stays in the cache while requests use it or are
waiting for it. When room is needed the least recently used one that nobody uses goes first; one
that a single prompt used and nobody waits for goes at once, so that contexts drawn anew for every
record do not fill the cache.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from pipeline.engine.child.native import Cache, Model
from pipeline.engine.protocol import EngineError, Request


@dataclass(slots=True, eq=False)
class Context:
    """A prefix, compared by identity; `label` is its sequence id while it is in the cache."""

    tokens: np.ndarray
    label: int = -1
    done: int = 0  # tokens evaluated
    filling: bool = False  # some of its tokens are in the batch being built
    waiting: int = 0  # groups that are queued for it
    users: int = 0  # groups whose sequences share its cells
    served: int = 0  # groups it has had since it was loaded

    @property
    def ready(self) -> bool:
        return self.done == len(self.tokens)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A request whose prompt is tokenized; `key` is the caller's number for it.

    `options` are the first tokens of the request's options.
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
    """Tokenizes prompts, the contexts of the last `size` different ones only once."""

    def __init__(self, model: Model, size: int = 256) -> None:
        self._model, self._size = model, size
        self._contexts: OrderedDict[tuple[str, bool], Context] = OrderedDict()

    def job(self, key: int, request: Request) -> Job:
        """Raises EngineError when two options of the request begin with the same token."""
        tail = self._model.tokenize(request.tail, first=False)
        context = self._context(request.context, whole=bool(tail))
        if not tail:  # something has to be evaluated to have logits to draw from
            tail = self._model.tokenize(request.context, first=True)[-1:]
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

    def _context(self, text: str, *, whole: bool) -> Context:
        found = self._contexts.get((text, whole))
        if found is None:
            tokens = self._model.tokenize(text, first=True)
            found = Context(np.array(tokens if whole else tokens[:-1], np.int32))
            self._contexts[text, whole] = found
            if len(self._contexts) > self._size:
                self._contexts.popitem(last=False)
        else:
            self._contexts.move_to_end((text, whole))
        return found


class Room:
    """The cells of the cache and the contexts in it.

    `eager`: contexts that nobody uses or waits for go as soon as another is loaded, because every
    cell in use makes attention slower.
    """

    def __init__(self, cache: Cache, cells: int, labels: list[int], *, eager: bool) -> None:
        self._cache, self._free, self._labels, self._eager = cache, cells, labels, eager
        self._live: OrderedDict[Context, None] = OrderedDict()  # least recently used first

    @property
    def free(self) -> int:
        return self._free

    def take(self, cells: int, context: Context | None = None, *, overtaking: bool = False) -> bool:
        """Reserve `cells`, and load `context` too if it is not in the cache; False: no room now.

        Idle contexts give way; those that queued groups wait for only if not `overtaking` them.
        """
        loads = context is not None and context.label < 0
        need = cells + (len(context.tokens) if context is not None and loads else 0)
        if loads and self._eager:
            for idle in [c for c in self._live if not c.users and not c.waiting]:
                self.evict(idle)
        while self._free < need or (loads and not self._labels):
            victim = self._victim(context, overtaking)
            if victim is None:
                return False
            self.evict(victim)
        self._free -= need
        if context is not None:
            if loads:
                context.label, context.done, context.served = self._labels.pop(), 0, 0
                self._live[context] = None
            self._live.move_to_end(context)
            context.users += 1
            context.served += 1
        return True

    def give(self, cells: int) -> None:
        self._free += cells

    def leave(self, context: Context) -> None:
        """A group is done with `context`."""
        context.users -= 1
        if not context.users and not context.waiting and context.served == 1:
            self.evict(context)

    def _victim(self, spared: Context | None, overtaking: bool) -> Context | None:
        idle = [c for c in self._live if not c.users and c is not spared]
        unwanted = [c for c in idle if not c.waiting]
        if unwanted:
            return unwanted[0]
        return idle[0] if idle and not overtaking else None

    def evict(self, context: Context) -> None:
        self._cache.drop(context.label)
        self._labels.append(context.label)
        self._free += len(context.tokens)
        context.label, context.done = -1, 0
        del self._live[context]

    def evict_unfinished(self) -> None:
        """Drop the idle contexts that were not evaluated to their end."""
        for context in [c for c in self._live if not c.users and not c.ready]:
            self.evict(context)
