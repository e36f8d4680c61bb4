"""How a stage's settings are resolved, and what changes which recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import config
from pipeline.errors import ConfigError
from pipeline.project.model import Model
from pipeline.prompts.exemplars import load_set
from pipeline.stages import recipes

STANDARD = load_set(Path(recipes.__file__).parents[1] / "prompts" / "standard")
MODEL = Model("m", 4096, Path("m.gguf"), "0" * 64, "llama")
STAGES = ("seeds", *recipes.SHARDED)
LAST = len(STAGES)  # changes none of them


def count_characters(texts):
    """One token a character: lengths are then known exactly."""
    return [len(text) for text in texts]


def settings(**changes):
    sections = {
        section.__name__: SimpleNamespace(
            **{key: getattr(section(), key) for key, _ in section.get_params()}
        )
        for section in config.SECTIONS
    }
    for path, value in changes.items():
        section, key = path.split("__")
        setattr(sections[section], key, value)
    return config.Settings(**sections)


def digests(window=100_000, model=MODEL, **changes):
    chosen = settings(**changes)
    plans = {
        stage: recipes.plan_generation(stage, chosen, STANDARD, window, count_characters)
        for stage in ("concepts", "instructions", "responses")
    }
    built = recipes.build(chosen, STANDARD, model, plans)
    return [built[stage].digest for stage in STAGES]


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
    assert all(
        old != new for old, new in zip(before[first_changed:], after[first_changed:], strict=True)
    )


def test_another_model_keeps_the_seeds_only():
    other = Model("m", 4096, Path("m.gguf"), "1" * 64, "llama")
    before, after = digests(), digests(model=other)
    same = [old == new for old, new in zip(before, after, strict=True)]
    assert same == [True] + [False] * len(recipes.SHARDED)


def test_a_served_model_is_what_the_server_says_of_it_and_not_where_it_is():
    served = Model("m", 4096, served="m (vllm, root org/m)")
    assert served.identity == {"name": "m", "served": "m (vllm, root org/m)"}
    other = Model("m", 4096, served="m (vllm, root org/m2)")
    at = {"engine__backend": "server", "engine__base_url": "http://a/v1"}
    elsewhere = {**at, "engine__base_url": "http://b/v1", "engine__type_k": "f32"}
    assert digests(model=served, **at) == digests(model=served, **elsewhere)
    assert digests(model=served, **at)[1] != digests(model=other, **at)[1]


def test_a_short_window_gets_fewer_exemplars_and_the_recipe_says_so():
    plan = recipes.plan_generation("concepts", settings(), STANDARD, 4000, count_characters)
    assert 1 <= plan.shots < plan.wanted_shots == 8
    roomy = recipes.plan_generation("concepts", settings(), STANDARD, 100_000, count_characters)
    assert roomy.shots == 8
    chosen = settings()
    plans = {"concepts": plan, "instructions": roomy, "responses": roomy}
    words = recipes.build(chosen, STANDARD, MODEL, plans)["concepts"].in_words()["ingredients"][
        "prompt"
    ]
    assert (words["shots"], words["shots_wanted"]) == (plan.shots, 8)


def test_any_context_that_can_be_drawn_fits_the_window():
    from pipeline.prompts.render import context

    for window in (3000, 5000, 8000):
        plan = recipes.plan_generation("concepts", settings(), STANDARD, window, count_characters)
        room = (window - plan.max_tokens) * 0.6
        assert all(
            len(context(STANDARD, "concepts", plan.shots, str(key))) <= room + 20
            for key in range(50)
        )


@pytest.mark.parametrize(("key", "value", "window"), [("shots", 25, 100_000), ("shots", 0, 300)])
def test_shots_that_cannot_be_are_an_error(key, value, window):
    with pytest.raises(ConfigError, match=r"\[concepts\]"):
        recipes.plan_generation(
            "concepts", settings(**{f"concepts__{key}": value}), STANDARD, window, count_characters
        )


def test_a_set_that_cannot_show_a_source_of_instructions_is_refused_only_with_that_source():
    plain = tuple(replace(item, draft="") for item in STANDARD.exemplars)
    without = replace(STANDARD, exemplars=plain)
    for source in ("concepts", "snippet"):
        chosen = settings(instructions__source=source)
        recipes.plan_generation("instructions", chosen, without, 100_000, count_characters)
    chosen = settings(instructions__source="evolved")
    with pytest.raises(ConfigError, match=r"\[instructions\] shots = 8.* has 0"):
        recipes.plan_generation("instructions", chosen, without, 100_000, count_characters)


def test_drafts_are_a_stage_of_their_own_configured_as_instructions():
    chosen = settings(instructions__source="evolved", instructions__temperature=0.3)
    assert list(recipes.generating(chosen)) == ["concepts", "drafts", "instructions", "responses"]
    plans = {
        stage: recipes.plan_generation(stage, chosen, STANDARD, 100_000, count_characters)
        for stage in recipes.generating(chosen)
    }
    assert (plans["drafts"].form, plans["instructions"].form) == ("instructions", "evolved")
    assert plans["drafts"].temperature == plans["instructions"].temperature == 0.3
    built = recipes.build(chosen, STANDARD, MODEL, plans)
    assert built["instructions"].parent == built["drafts"]
    assert built["drafts"].parent == built["concepts"]
