"""Fits the cache to the work: with flash attention on a CPU where the lengths of the requests make it cheaper.

Which is cheaper depends on how much of the cache belongs to other sequences (`sizing.is_flash_cheaper`), that is, on
the stage whose requests come. The choice is made when work arrives at an idle engine, by its first request: the cache
is then allocated again, which takes milliseconds, and loses the contexts in it.

In: an idle engine's parts, and a job. Out: the parts to go on with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.engine.child.batcher import Batcher
from pipeline.engine.child.contexts import Job
from pipeline.engine.child.native import Cache, Model
from pipeline.engine.child.scheduler import seq_id_counts
from pipeline.engine.protocol import Plan
from pipeline.engine.settings import EngineSettings
from pipeline.engine.sizing import is_flash_cheaper


@dataclass(frozen=True, slots=True)
class Engine:
    """A model, and a cache with its batcher, made by a plan."""

    model: Model
    settings: EngineSettings
    plan: Plan
    cache: Cache
    batcher: Batcher

    @classmethod
    def of(cls, model: Model, settings: EngineSettings, plan: Plan) -> Engine:
        """Allocate the cache of a plan. Raises MemoryError."""
        cache = Cache(model, settings, plan, sum(seq_id_counts(plan)))
        return cls(model, settings, plan, cache, Batcher(model, cache, plan, settings))

    def suited_to(self, job: Job) -> Engine:
        """This engine, which must be idle, or one with another cache in its place. Raises MemoryError."""
        plan, request = self.plan, job.request
        if not plan.suits_flash_to_work:
            return self
        is_cheaper = is_flash_cheaper(plan.n_seq, len(job.context.tokens), len(job.tail), request.max_tokens)
        if is_cheaper != plan.masked_cells_cost:
            return self
        self.batcher.close()
        self.cache.free()
        # "auto": llama.cpp uses it where it knows how to for this model.
        suited = replace(plan, flash_attn="auto" if is_cheaper else "off", masked_cells_cost=not is_cheaper)
        try:
            return Engine.of(self.model, self.settings, suited)
        except MemoryError:  # the first one was there: it is kept from now on
            return Engine.of(self.model, self.settings, replace(plan, suits_flash_to_work=False))
