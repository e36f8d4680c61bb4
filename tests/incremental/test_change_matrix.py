"""For each key of luigi.cfg: exactly which stages a change runs again; and back again: none.

A key that is not in the table fails the test: who adds one says here what it costs.
"""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline import config, demo
from pipeline.project.project import Project
from pipeline.stages.dataset import FinalDataset
from pipeline.stages.selection import Selection
from targets import Recipe
from tests.support.pinned import settings
from tests.support.projects import STAGES as SHARDED

ROOT = Path(__file__).parents[2]
STAGES = ("scan", *SHARDED, "selection", "dataset")
EVERYTHING = STAGES[1:]  # the scan looks at sources again, and nothing before it is kept of it


def since(stage: str) -> tuple[str, ...]:
    return STAGES[STAGES.index(stage) :]


NOTHING: tuple[str, ...] = ()
# What the scan looks at decides which seeds are in force: stages that have shards work for new seeds alone.
SCAN = ("scan",)

_SAMPLED = {
    "shots": 1,
    "max_tokens": 150,
    "temperature": 0.5,
    "top_k": 5,
    "top_p": 0.9,
    "min_p": 0.1,
    "attempt": 2,
}
_ONLY_SPEED = {
    "n_seq": 3, "n_cells": 9000, "n_contexts": 2, "n_batch": 64, "n_threads": 3, "sample_threads": 3,
    "n_gpu_layers": 0, "main_gpu": 1, "tensor_split": "1, 1", "flash_attn": "off",
    "step_timeout": 60.0, "concurrency": 3, "timeout": 60.0, "max_retries": 1, "unanswered": "drop", "api_key_env": "OTHER",
}  # fmt: skip
_OF_MONOLOGUES = {"forms": "forward", "calls": 1, "steps": 50}

# [section] key -> another value than the shipped one, and what it runs again.
CHANGES: dict[tuple[str, str], tuple[Any, tuple[str, ...]]] = {
    ("project", "artifacts"): ("elsewhere", NOTHING),  # another folder: all of it is made there
    ("project", "shard_size"): (7, NOTHING),  # for seeds to come
    ("project", "stop_when_hopeless"): ("on", NOTHING),
    ("project", "metrics"): ("run.prom", NOTHING),
    ("project", "hours"): (1.0, NOTHING),
    ("project", "tokens"): (5, NOTHING),
    **{("prices", key): (2.0, NOTHING) for key in ("million_prompt_tokens", "million_new_tokens", "hour")},
    ("prices", "currency"): ("EUR", NOTHING),
    ("seeds", "sources"): ("pipeline", SCAN),
    ("seeds", "stdlib_share"): (0.5, SCAN),
    ("seeds", "include"): ("tests", SCAN),
    ("seeds", "kinds"): ("functions, methods", SCAN),
    ("seeds", "generators"): (True, SCAN),
    ("seeds", "helpers"): (True, SCAN),
    ("seeds", "licences"): ("MIT", SCAN),
    ("seeds", "max_lines"): (9, SCAN),
    ("seeds", "denied_imports"): ("os", SCAN),
    ("seeds", "type_check"): (False, SCAN),
    ("seeds", "near_duplicates"): (0.9, SCAN),
    ("seeds", "limit"): (5, SCAN),
    ("seeds", "vanished"): ("drop", NOTHING),
    ("seeds", "rules"): ("rules:short", SCAN),
    ("model", "sha256"): (demo.MODEL.with_suffix(".gguf.sha256").read_text().split()[0], NOTHING),
    ("model", "revision"): ("v2", NOTHING),  # without repo_id
    ("prompts", "exemplars"): ("mine", EVERYTHING),
    ("prompts", "fewshot_contexts"): ("2", EVERYTHING),
    **{("concepts", key): (value, since("concepts")) for key, value in _SAMPLED.items()},
    **{("instructions", key): (value, since("instructions")) for key, value in _SAMPLED.items()},
    ("instructions", "source"): ("snippet", since("instructions")),
    ("instructions", "mix"): (0.5, since("instructions")),
    ("instructions", "categories"): ("one", since("instructions")),
    ("instructions", "difficulties"): ("hard", since("instructions")),
    **{("responses", key): (value, since("responses")) for key, value in _SAMPLED.items()},
    ("responses", "samples"): (5, since("responses")),
    ("repairs", "samples"): (2, since("verifications")),
    **{("repairs", key): (value, NOTHING) for key, value in _SAMPLED.items()},  # where nothing is repaired
    ("executions", "timeout"): (5.0, since("executions")),
    ("executions", "memory_mb"): (512, since("executions")),
    ("executions", "attempt"): (2, since("executions")),
    ("executions", "workers"): (3, NOTHING),
    ("verification", "enabled"): (False, since("verifications")),
    ("verification", "max_mutants"): (3, since("verifications")),
    ("verification", "max_others"): (3, since("verifications")),
    ("verification", "repeats"): (3, since("verifications")),
    ("verification", "hash_seeds"): (2, since("verifications")),
    ("verification", "timeout"): (5.0, since("verifications")),
    ("decontamination", "resembles"): (0.5, since("decontamination")),
    ("decontamination", "suspect"): (0.2, since("decontamination")),
    ("decontamination", "execute"): (False, since("decontamination")),
    ("sandbox", "packages"): ("numpy", since("executions")),
    ("selection", "among"): ("all", since("selection")),
    ("selection", "rows"): (5, since("selection")),
    ("selection", "choose"): ("shortest", since("selection")),
    ("selection", "then"): ("rare", since("selection")),
    ("ratings", "enabled"): (True, since("selection")),
    ("selection", "per_instruction"): (2, since("selection")),
    ("selection", "keep"): ("best", since("selection")),
    ("selection", "min_agreement"): (0.5, since("selection")),
    ("selection", "trivial"): (False, since("selection")),
    ("selection", "trust"): (0.5, NOTHING),
    ("selection", "near_duplicates"): (0.9, since("selection")),
    ("selection", "max_instruction_words"): (20, since("selection")),
    ("selection", "max_same_names"): (3, since("selection")),
    ("selection", "max_per_concept"): (3, since("selection")),
    ("selection", "max_per_category"): (3, since("selection")),
    ("selection", "max_per_difficulty"): (3, since("selection")),
    ("selection", "reject"): ("reject.txt", since("selection")),
    ("selection", "rules"): ("rules:short", since("selection")),
    ("selection", "score"): ("rules:short", since("selection")),
    ("monologues", "enabled"): (True, since("selection")),
    **{("monologues", key): (value, NOTHING) for key, value in _OF_MONOLOGUES.items()},  # where no row is traced
    **{
        ("shaping", key): (0.5, since("selection")) for key in ("tests", "stub", "reasoning", "explanation", "comments")
    },
    ("shaping", "tags"): (False, since("selection")),
    ("shaping", "own_tests"): (True, since("selection")),
    ("shaping", "most_tests"): (3, NOTHING),  # where no instruction shows tests
    ("engine", "n_ctx"): (900, EVERYTHING),
    ("engine", "type_k"): ("f32", EVERYTHING),
    ("engine", "type_v"): ("f32", EVERYTHING),
    **{("engine", key): (value, NOTHING) for key, value in _ONLY_SPEED.items()},
}

# Where a change needs another model, a hub or a server: tests/pipeline/stages/test_recipes.py, tests/e2e.
ELSEWHERE = {
    ("model", "path"), ("model", "repo_id"), ("model", "filename"), ("engine", "backend"), ("engine", "base_url"),
    ("engine", "model"), *((stage, key) for stage in ("concepts", "instructions", "responses", "repairs") for key in ("base_url", "model", "api")),
    ("responses", "reasoning"),
    ("judgements", "judge"), ("judgements", "threshold"),
    ("decontamination", "packs"), ("project", "stages"),
}  # fmt: skip
# Sections of other tasks than the dataset's.
OTHER_TASKS = {"finetuning", "evaluation", "comparison"}


def shipped() -> set[tuple[str, str]]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "luigi.cfg")
    return {(section, key) for section in parser.sections() if section not in OTHER_TASKS for key in parser[section]}


def determined(folder: Path, change: tuple[str, str] | None = None, value: Any = None) -> dict[str, Any]:
    """By stage, what names its files under the shipped configuration with at most one change."""
    chosen = settings()
    if change:
        assert getattr(getattr(chosen, change[0]), change[1]) != value, "that is the shipped value"
        chosen = config.override(chosen, {change: value})
    project = Project(chosen, folder)
    selection = Selection(snapshot="snapshot", project=project)
    made = selection.artifacts
    sources = [(source.label, project.criteria.digest(source)) for source in project.sources]
    dataset = Recipe(FinalDataset.stage, {"version": FinalDataset.version}, selection.recipe)
    return {
        "scan": (sources, chosen.seeds.include),
        **{stage: made.recipe_of(stage).digest for stage in made.stages if stage != "seeds"},
        "dataset": dataset.digest,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("matrix")
    shutil.copytree(demo.EXEMPLARS, root / "mine")
    (root / "mine" / "01-even-square.md").unlink()
    (root / "pipeline").mkdir()
    (root / "reject.txt").write_text("0123456789abcdef-000 wrong\n")
    (root / "rules.py").write_text("def short(record):\n    return None\n")
    return root


@pytest.fixture(scope="module")
def before(folder: Path) -> dict[str, Any]:
    return determined(folder)


def test_every_key_of_the_shipped_configuration_is_in_the_table():
    assert shipped() == CHANGES.keys() | ELSEWHERE


@pytest.mark.parametrize("change", sorted(CHANGES), ids=".".join)
def test_a_change_runs_again_what_it_touches_and_back_again_nothing(folder, before, change):
    value, expected = CHANGES[change]
    after = determined(folder, change, value)
    assert tuple(stage for stage in STAGES if after[stage] != before[stage]) == expected
    assert determined(folder) == before


@pytest.mark.parametrize("key", _OF_MONOLOGUES)
def test_where_rows_are_traced_a_change_of_their_monologues_makes_these_again(folder, key):
    traced = {("monologues", "enabled"): True}
    chosen = config.override(settings(), traced)
    other = config.override(settings(), {**traced, ("monologues", key): _OF_MONOLOGUES[key]})
    before, after = (Selection(snapshot="snapshot", project=Project(one, folder)).artifacts for one in (chosen, other))
    changed = [stage for stage in before.stages if before.recipe_of(stage) != after.recipe_of(stage)]
    assert changed == ["monologues", "selection"]


@pytest.mark.parametrize("key", [*_SAMPLED, "samples"])
def test_where_attempts_are_repaired_a_change_repairs_them_again(folder, key):
    on = {("repairs", "samples"): 1}
    chosen = config.override(settings(), on)
    other = config.override(settings(), {**on, ("repairs", key): _SAMPLED.get(key, 2)})
    before, after = (Selection(snapshot="snapshot", project=Project(one, folder)).artifacts for one in (chosen, other))
    changed = [stage for stage in before.stages if before.recipe_of(stage) != after.recipe_of(stage)]
    assert changed == ["repairs", "reruns", "verifications", "decontamination", "selection"]
