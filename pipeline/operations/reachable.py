"""Which recipe folders are in use: what the configuration in force, `latest`, and the loop behind them reach.

The dataset's stages are reached by the recipes in force and by those that the manifest of `latest` names. Where
a model was tuned, evaluated or compared: the comparison in force with the selections of its arms, the rounds of
self-alignment, the models that are tuned on any of these selections, and every evaluation of a model that is
still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from pipeline.errors import MissingDataError
from pipeline.loop import arms
from pipeline.loop.comparison import Comparison
from pipeline.loop.evaluation import model_at
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.self_alignment import EVERY_ROUND, SelfAlignment, following
from pipeline.project import session
from pipeline.project.session import Session
from pipeline.stages import recipes, selection
from pipeline.stages.seeds import scan_of
from targets import Recipe, ShardPaths

Folder = tuple[str, str]  # stage and recipe


def reached(run: Session) -> set[Folder]:
    """Stage and recipe of every folder in use."""
    found = scan_of(run)
    selected = recipes.selection(run.settings, run.recipes, found.snapshot.digest)
    kept = _chain(recipes.dataset(selected).in_words())
    manifest = run.artifacts / "latest" / "manifest.json"
    if manifest.exists():
        kept |= _chain(orjson.loads(manifest.read_bytes())["recipes"])
    session.use(run)
    kept |= _loop(run)
    return kept | set(_evaluations(run, kept))


def _chain(words: dict[str, Any] | None) -> set[Folder]:
    kept = set()
    while words:
        kept.add((words["stage"], words["recipe"]))
        words = words["made_from"]
    return kept


def _loop(run: Session) -> set[Folder]:
    """The comparison, its arms' selections, the rounds of self-alignment, and the models tuned on these."""
    kept: set[Folder] = set()
    tuned = [run]
    if (run.artifacts / "comparison").exists():
        kept.add(("comparison", Comparison().recipe.digest))
        own = {
            name: Session(arms.apply(run.settings, overrides), run.root)
            for name, overrides in arms.chosen(run.settings).items()
        }
        for arm in own.values():
            kept |= _chain(_selection(arm).in_words())
        tuned += _tuned_by_the_comparison(run, own)
    if (run.artifacts / "self_alignment").exists():
        kept.add(("self_alignment", SelfAlignment().recipe.digest))
        for each in _rounds(run):
            kept |= _chain(_selection(each).in_words())
            tuned.append(each)
    if (run.artifacts / "finetuning").exists():
        for variant in tuned:
            # Without a selection, or with fewer rows than are asked for, there is no such model.
            with session.using(variant), suppress(MissingDataError, FileNotFoundError):
                kept.add(("finetuning", FineTunedModel().recipe.digest))
    return kept


def _tuned_by_the_comparison(run: Session, own: dict[str, Session]) -> Iterator[Session]:
    """The settings of each model that the comparison tunes; none before all selections are there."""
    selections = [ShardPaths(_selection(arm).folder(run.artifacts), 0) for arm in own.values()]
    if not all(selected.records.exists() for selected in selections):
        return
    rows = run.settings.comparison.rows or min(
        selected.read_meta()["kept"] for selected in selections
    )
    for arm in own.values():
        for seed in range(1, run.settings.comparison.seeds + 1):
            of_seed = arms.of_seed(seed, tuned=True, rows=rows)
            yield Session(arms.apply(arm.settings, of_seed), run.root)


def _rounds(run: Session) -> Iterator[Session]:
    """The settings of each round of self-alignment, as far as its model is there."""
    tuning, overrides = run.settings.finetuning, EVERY_ROUND
    for _ in range(run.settings.comparison.rounds):
        of_seed = arms.of_seed(tuning.seed, tuned=True, rows=tuning.rows)
        each = Session(arms.apply(run.settings, {**overrides, **of_seed}), run.root)
        yield each
        try:
            with session.using(each):
                if not FineTunedModel().gguf.exists():
                    return
        except (MissingDataError, FileNotFoundError):
            return
        overrides = following(overrides)


def _selection(run: Session) -> Recipe:
    with session.using(run):
        return selection.recipe()


def _evaluations(run: Session, kept: set[Folder]) -> Iterator[Folder]:
    """The evaluations, with their answers, of the base model and of the tuned ones that are kept."""
    paths = (run.artifacts / stage / recipe / "model.gguf" for stage, recipe in kept)
    models = {model_at(str(path)).sha256 for path in paths if path.exists()} | {run.model.sha256}
    for stage in ("answers", "evaluation"):
        for path in (run.artifacts / stage).glob("*/recipe.json"):
            words = orjson.loads(path.read_bytes())
            answered = words if stage == "answers" else words["made_from"]
            if answered["ingredients"]["model"]["sha256"] in models:
                yield stage, words["recipe"]
