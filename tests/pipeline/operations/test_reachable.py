"""Garbage collection is a walk over what is recorded: recipes, what goals use, and journals of unfinished shards."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pipeline.operations.reachable import Store
from targets import Recipe, ShardPaths, ShardWriter

SEEDS = Recipe("seeds", {"version": 1})
CONCEPTS = Recipe("concepts", {"version": 1}, SEEDS)
OTHER = Recipe("concepts", {"version": 2}, SEEDS)
SELECTION = Recipe("selection", {"version": 1}, CONCEPTS)
OTHER_SELECTION = Recipe("selection", {"version": 1}, OTHER)
TUNED = Recipe("finetuning", {"rows": "1"})
COMPARISON = Recipe("comparison", {"version": 1})


def folder(recipe: Recipe) -> tuple[str, str]:
    return recipe.stage, recipe.digest


def answers_of(sha256: str) -> Recipe:
    return Recipe("answers", {"model": {"name": "m", "sha256": sha256}})


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    for recipe in (SEEDS, CONCEPTS, OTHER, SELECTION, OTHER_SELECTION):
        recipe.write(tmp_path)
    return tmp_path


def reachable(artifacts: Path, *roots: Recipe, models: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    return Store(artifacts).reachable([root.in_words() for root in roots], models)


def test_a_recipe_reaches_all_that_it_was_made_from_and_nothing_beside_it(artifacts):
    assert reachable(artifacts, SELECTION) == {folder(SEEDS), folder(CONCEPTS), folder(SELECTION)}


def test_a_goal_reaches_what_it_recorded_and_what_that_uses_in_turn(artifacts):
    COMPARISON.write(artifacts, uses=[OTHER_SELECTION])
    COMPARISON.write(artifacts, uses=[TUNED])
    TUNED.write(artifacts, uses=[SELECTION])
    document = json.loads((COMPARISON.folder(artifacts) / "recipe.json").read_text())
    assert document["uses"] == [f"selection/{OTHER_SELECTION.digest}", f"finetuning/{TUNED.digest}"]
    assert Recipe.from_words(document).digest == COMPARISON.digest
    reached = reachable(artifacts, COMPARISON)
    assert reached == {folder(each) for each in (SEEDS, CONCEPTS, OTHER, SELECTION, OTHER_SELECTION, TUNED, COMPARISON)}


def test_what_is_recorded_again_is_recorded_once(artifacts):
    for _ in range(2):
        COMPARISON.write(artifacts, uses=[SELECTION, TUNED])
    document = json.loads((COMPARISON.folder(artifacts) / "recipe.json").read_text())
    assert len(document["uses"]) == 2


def test_an_evaluation_stays_as_long_as_its_model(artifacts):
    base, tuned, gone = (answers_of(name * 64) for name in "bcd")
    evaluation = Recipe("evaluation", {"k": [1]}, tuned)
    for recipe in (base, tuned, gone, evaluation, TUNED):
        recipe.write(artifacts)
    facts = artifacts / "model" / "facts-0.json"
    facts.parent.mkdir()
    facts.write_text(json.dumps({"path": str(TUNED.folder(artifacts) / "model.gguf"), "sha256": "c" * 64}))
    with_tuned = reachable(artifacts, TUNED, models=("b" * 64,))
    assert {folder(base), folder(tuned), folder(evaluation)} <= with_tuned
    assert folder(gone) not in with_tuned
    assert folder(tuned) not in reachable(artifacts, models=("b" * 64,))


def test_an_unfinished_shard_protects_its_folder_and_all_that_it_is_made_from(artifacts):
    writer = ShardWriter(ShardPaths(OTHER.folder(artifacts), 3), command="luigi --concepts-shots 2")
    writer.keep("a", {"id": "a"})
    writer.reject("b", "length", "the end")
    writer.close()
    long_ago = time.time() - 5000
    os.utime(writer.paths.journal, (long_ago, long_ago))
    store = Store(artifacts)
    kept = store.reachable([SELECTION.in_words()], ())
    assert folder(OTHER) not in kept
    assert store.with_unfinished(kept) == kept | {folder(OTHER)}
    (unfinished,) = store.unfinished.values()
    assert (unfinished.records, unfinished.command) == (2, "luigi --concepts-shots 2")
    assert 4990 < unfinished.age_seconds < 5100


def test_documents_that_cannot_be_read_end_no_walk(artifacts):
    (artifacts / "concepts" / "broken").mkdir()
    (artifacts / "concepts" / "broken" / "recipe.json").write_text("{")
    store = Store(artifacts)
    assert ("concepts", "broken") in store.folders
    assert ("concepts", "broken") not in reachable(artifacts, SELECTION)
