"""The manifest of a dataset: the funnel of every stage, added up, and all that the rows came from."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections import Counter
from itertools import pairwise
from typing import Any

from pipeline.decontamination.decontaminator import LAYERS
from pipeline.errors import PipelineError
from pipeline.project.session import Session
from pipeline.stages.recipes import generating
from pipeline.stages.seeds import Snapshot
from targets import Recipe, ShardPaths

_VERSIONED = (
    "selfcodealign-luigi",
    "luigi",
    "llama-cpp-python",
    "huggingface-hub",
    "orjson",
    "pyarrow",
    "rich",
)


def build_manifest(
    run: Session, snapshot: Snapshot, selected: ShardPaths, recipe: Recipe
) -> dict[str, Any]:
    """The manifest as a JSON document.

    Raises PipelineError when a stage's numbers do not add up: units in must equal kept + rejected, and a
    stage must take in exactly what the one before it kept.
    """
    meta = selected.read_meta()
    shards = meta["shards"]
    stages = {
        stage: _sum([run.shard(stage, number).read_meta() for number in shards])
        for stage in run.sharded
    }
    stages["selection"] = _sum([meta])
    seeds_in_shards = sum(run.shard("seeds", number).read_meta()["kept"] for number in shards)
    funnel = {"seeds": snapshot.funnel(seeds_in_shards)}
    for stage, total in stages.items():
        funnel[stage] = {key: total[key] for key in ("in", "kept", "rejected", "rules")}
    funnel["dataset"] = {"in": meta["kept"], "kept": meta["kept"], "rejected": 0, "rules": {}}
    funnel["responses"]["samples_per_instruction"] = run.settings.responses.samples
    reconcile(funnel)
    return {
        "rows": meta["kept"],
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "recipe": recipe.digest,
        "funnel": funnel,
        "spent": {stage: total["spent"] for stage, total in stages.items()},
        "seconds": {stage: round(total["seconds"], 3) for stage, total in stages.items()},
        # Records that `retry` took over from a recipe with lower limits, by stage and recipe.
        "carried": {stage: total["carried"] for stage, total in stages.items() if total["carried"]},
        "model": {
            **run.model.provenance,
            "architecture": run.model.architecture,
            "window": run.model.window,
        },
        # Stages that asked another model than that.
        "other_models": {
            stage: run.model_of(stage).identity
            for stage in generating(run.settings)
            if run.model_of(stage) != run.model
        },
        "sources": [source.label for source in run.sources],
        "licences": dict(
            sorted(
                Counter(
                    place["licence"] or "unknown" for place in snapshot.occurrences.values()
                ).items()
            )
        ),
        "decontamination": _decontamination(run, stages["decontamination"]),
        "versions": {"python": platform.python_version(), **_versions()},
        "recipes": recipe.in_words(),
    }


def _decontamination(run: Session, total: dict[str, Any]) -> dict[str, Any]:
    """What the rows were compared with, and what was found: rows by pack and layer."""
    found = total["spent"]
    checker = run.decontaminator
    return {
        "packs": [
            {
                "name": file.name,
                "source": file.source,
                "revision": file.revision,
                "layout": pack.layout,
                "tasks": len(pack.tasks),
                "found": {layer: int(found.pop(f"{file.name}/{layer}", 0)) for layer in LAYERS},
            }
            for file, pack in zip(run.packs, checker.packs if checker else (), strict=True)
        ],
        "removed": total["rules"].get("contaminated", 0),
        "removed_by_seed": total["rules"].get("contaminated_seed", 0),
        "thresholds": {
            key: getattr(run.settings.decontamination, key)
            for key in ("resembles", "suspect", "execute")
        },
    }


def reconcile(funnel: dict[str, dict[str, Any]]) -> None:
    """Check that nothing got lost between or within stages; raises PipelineError that says where."""
    for stage, counts in funnel.items():
        if counts["in"] != counts["kept"] + counts["rejected"]:
            _lost(stage, f"{counts['in']} in, {counts['kept']} kept, {counts['rejected']} rejected")
        if sum(counts["rules"].values()) != counts["rejected"]:
            _lost(
                stage, f"{counts['rejected']} rejected, rules name {sum(counts['rules'].values())}"
            )
    samples = funnel["responses"]["samples_per_instruction"]
    for before, after in pairwise(funnel):
        handed_on = funnel[before]["kept"] * (samples if after == "responses" else 1)
        if funnel[after]["in"] != handed_on:
            _lost(after, f"{before} hands on {handed_on}, {after} took in {funnel[after]['in']}")


def _lost(stage: str, numbers: str) -> None:
    raise PipelineError(
        f"the funnel of {stage} does not add up: {numbers}",
        "a file was changed by hand or is damaged: `python -m pipeline verify --repair` makes it anew",
    )


def _sum(metas: list[dict[str, Any]]) -> dict[str, Any]:
    rules: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    carried: Counter[str] = Counter()
    for meta in metas:
        rules.update(meta["rules"])
        spent.update(meta["spent"])
        carried.update(meta["carried"])
    return {
        "in": sum(meta["units"] for meta in metas),
        "kept": sum(meta["kept"] for meta in metas),
        "rejected": sum(meta["rejected"] for meta in metas),
        "rules": dict(sorted(rules.items())),
        "spent": {key: round(value, 3) for key, value in sorted(spent.items())},
        "seconds": sum(meta["seconds"] for meta in metas),
        "carried": dict(sorted(carried.items())),
    }


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _VERSIONED}
