"""How a stage's settings are resolved, and what changes which recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.project.model import Model
from pipeline.prompts.plan import plan_generation
from pipeline.stages.chain import shard_tasks
from targets import Artifacts
from tests.support.pinned import EXEMPLARS, MODEL, PinnedProject, settings
from tests.support.projects import STAGES

LAST = len(STAGES) + 1  # changes none of them
UNJUDGED = {"judgements__judge": "off"}


def count_characters(texts):
    """One token a character: lengths are then known exactly."""
    return [len(text) for text in texts]


def plan_of(section, window=100_000, exemplars=EXEMPLARS, form="", **changes):
    chosen = getattr(settings(**changes), section)
    return plan_generation(section, form or section, section, chosen, exemplars, window, count_characters)


def artifacts_of(model=MODEL, **changes):
    project = PinnedProject(settings(**{**UNJUDGED, **changes}), model=model, packs=[])
    return Artifacts(project.artifacts, shard_tasks(project)[-1].recipe)


def digests(model=MODEL, **changes):
    made = artifacts_of(model, **changes)
    return [made.recipe_of(stage).digest for stage in made.stages]


def test_the_stages_are_found_by_what_each_requires():
    assert artifacts_of().stages == ("seeds", *STAGES)


@pytest.mark.parametrize(
    ("change", "first_changed"),
    [
        ({"seeds__max_lines": 100}, LAST),
        ({"concepts__temperature": 0.5}, 1),
        ({"prompts__fewshot_contexts": "per_record"}, 1),
        ({"instructions__shots": 4}, 2),
        ({"instructions__categories": "one"}, 2),
        ({"responses__samples": 10}, 3),
        ({"responses__max_tokens": 100}, 3),
        ({"executions__timeout": 5.0}, 4),
        ({"executions__memory_mb": 512}, 4),
        ({"sandbox__packages": "numpy"}, 4),
        ({"verification__max_mutants": 5}, 5),
        ({"verification__enabled": False}, 5),
        ({"decontamination__resembles": 0.5}, 6),
        ({"decontamination__execute": False}, 6),
        ({"seeds__sources": "elsewhere"}, LAST),
        ({"seeds__stdlib_share": 0.5}, LAST),
        ({"seeds__licences": "MIT"}, LAST),
        ({"selection__choose": "shortest"}, LAST),
        ({"engine__type_k": "q8_0"}, 1),
        ({"engine__type_v": "q8_0"}, 1),
        ({"engine__n_seq": 8}, LAST),
        ({"engine__n_threads": 1}, LAST),
        ({"executions__workers": 1}, LAST),
        ({"project__shard_size": 10}, LAST),
    ],
)
def test_a_change_makes_its_stage_and_those_after_it_anew_and_no_other(change, first_changed):
    before, after = digests(), digests(**change)
    assert before[:first_changed] == after[:first_changed]
    assert all(old != new for old, new in zip(before[first_changed:], after[first_changed:], strict=True))


def test_another_model_keeps_the_seeds_only():
    other = Model("m", 100_000, Path("m.gguf"), "1" * 64, "llama")
    before, after = digests(), digests(model=other)
    same = [old == new for old, new in zip(before, after, strict=True)]
    assert same == [True] + [False] * len(STAGES)


def test_a_served_model_is_what_the_server_says_of_it_and_not_where_it_is():
    served = Model("m", 100_000, served="m (vllm, root org/m)")
    assert served.identity == {"name": "m", "served": "m (vllm, root org/m)"}
    other = Model("m", 100_000, served="m (vllm, root org/m2)")
    at = {"engine__backend": "server", "engine__base_url": "http://a/v1"}
    elsewhere = {**at, "engine__base_url": "http://b/v1", "engine__type_k": "f32"}
    assert digests(model=served, **at) == digests(model=served, **elsewhere)
    assert digests(model=served, **at)[1] != digests(model=other, **at)[1]


def test_a_short_window_gets_fewer_exemplars_and_the_recipe_says_so():
    plan = plan_of("concepts", 4000)
    assert 1 <= plan.shots < plan.wanted_shots == 8
    assert plan_of("concepts").shots == 8
    responds_shortly = {"responses__max_tokens": 100, "responses__shots": 1}
    short = Model("m", 8000, Path("m.gguf"), "0" * 64, "llama")
    prompt = artifacts_of(short, **responds_shortly).recipe_of("concepts").ingredients["prompt"]
    planned = plan_of("concepts", 8000)
    assert (prompt["shots"], prompt["shots_wanted"]) == (planned.shots, 8)
    assert planned.shots < 8


def test_any_context_that_can_be_drawn_fits_the_window():
    from pipeline.prompts.render import context

    for window in (3000, 5000, 8000):
        plan = plan_of("concepts", window)
        room = (window - plan.max_tokens) * 0.6
        assert all(len(context(EXEMPLARS, "concepts", plan.shots, str(key))) <= room + 20 for key in range(50))


@pytest.mark.parametrize(("key", "value", "window"), [("shots", 35, 100_000), ("shots", 0, 300)])
def test_shots_that_cannot_be_are_an_error(key, value, window):
    with pytest.raises(ConfigError, match=r"\[concepts\]"):
        plan_of("concepts", window, **{f"concepts__{key}": value})


def test_a_set_that_cannot_show_a_source_of_instructions_is_refused_only_with_that_source():
    plain = tuple(replace(item, draft="") for item in EXEMPLARS.exemplars)
    without = replace(EXEMPLARS, exemplars=plain)
    for form in ("instructions", "inspired"):
        plan_of("instructions", exemplars=without, form=form)
    with pytest.raises(ConfigError, match=r"\[instructions\] shots = 8.* has 0"):
        plan_of("instructions", exemplars=without, form="evolved")


def test_drafts_are_a_stage_of_their_own_configured_as_instructions():
    made = artifacts_of(instructions__source="evolved", instructions__temperature=0.3)
    assert made.stages[1:5] == ("concepts", "drafts", "instructions", "responses")
    drafts, instructions = (made.recipe_of(stage) for stage in ("drafts", "instructions"))
    assert drafts.ingredients["sampling"] == instructions.ingredients["sampling"]
    assert drafts.ingredients["sampling"]["temperature"] == 0.3
    assert drafts.ingredients["prompt"]["stops"] == instructions.ingredients["prompt"]["stops"]
    assert instructions.parent == drafts
    assert drafts.parent == made.recipe_of("concepts")
