"""The cache is suited to the work that arrives at an idle engine: other arithmetic, the same completions."""

from __future__ import annotations

from pathlib import Path

from pipeline.engine import EngineSettings, Request, Sampling
from pipeline.engine.child import native
from pipeline.engine.child.batcher import Batcher
from pipeline.engine.child.contexts import Job, Prompts
from pipeline.engine.child.layout import Engine
from pipeline.engine.child.worker import load
from tests.pipeline.engine.conftest import CONTEXT

GREEDY = Sampling(temperature=0)


def texts(engine: Engine, jobs: list[Job]) -> tuple[list[str], int]:
    """What the jobs come to, and how many prompt tokens were computed for them."""
    for job in jobs:
        engine.batcher.submit(job)
    done = {}
    while engine.batcher.busy:
        done.update(engine.batcher.step())
    return [done[job.key].text for job in jobs], sum(one.computed_prompt_tokens for one in done.values())


def test_another_cache_gives_the_same_completions_and_computes_contexts_again(tiny_model: Path) -> None:
    native.start()
    settings = EngineSettings(str(tiny_model), n_seq=16, n_threads=1, type_k="f32", type_v="f32")
    model, cache, plan = load(settings, 0, lambda: None)
    engine = Engine(model, settings, plan, cache, Batcher(model, cache, plan, settings))
    prompts = Prompts(model)
    short = [prompts.job(i, Request(str(i), CONTEXT, f"{i}\n", 8, sampling=GREEDY)) for i in range(6)]
    long = prompts.job(9, Request("long", "", "a\n", 1000))
    assert engine.suited_to(short[0]) is engine
    found = texts(engine, short)
    assert texts(engine, short)[1] < found[1]  # the context is still in the cache
    for job, flash_attn in ((long, "auto"), (short[0], "off")):
        engine = engine.suited_to(job)
        assert engine.plan.flash_attn == flash_attn
        assert texts(engine, short) == found
    engine.cache.free()
    model.free()
