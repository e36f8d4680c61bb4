"""The manifest of a dataset: the funnel of every stage, added up, and all that the rows came from."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections import Counter
from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any

from pipeline.dataset.calibration import Calibration, in_words
from pipeline.dataset.cost import Prices, cost, costs
from pipeline.decontamination.decontaminator import LAYERS
from pipeline.errors import PipelineError
from pipeline.packs.pack import Pack
from pipeline.project.project import Project
from pipeline.project.proofs import kept
from pipeline.text import private
from pipeline.text.paths import published_name
from targets import Artifacts

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
    project: Project,
    artifacts: Artifacts,
    fan_out: Mapping[str, tuple[str, int]],
    other_models: Mapping[str, Any],
    calibration: Calibration | None,
    licences: Mapping[str, int],
    shapes: Mapping[str, int],
    repaired: int,
) -> dict[str, Any]:
    """The manifest as a JSON document; `artifacts` are those of the dataset's recipe.

    `fan_out` has, by stage, how many units a record of the stage before makes where that is not one, with the
    number's name in the funnel; `other_models` the models of stages that have another one than the base model;
    `calibration` is what was measured of this model's rows; `licences` counts the rows by the licences of their seeds,
    `shapes` by their forms, `repaired` those that are repairs.
    Raises PipelineError when a stage's numbers do not add up: units in must equal kept + rejected, and a stage must
    take in exactly what the one before it kept.
    """
    meta = artifacts.shard("selection", 0).read_meta()
    snapshot = project.scan.snapshot
    seeds, *sharded, _selection, _dataset = artifacts.stages
    metas = {
        stage: [artifacts.shard(stage, number).read_meta() for number in meta["shards"]] for stage in (seeds, *sharded)
    }
    totals = {stage: _sum(metas[stage]) for stage in sharded}
    totals["selection"] = _sum([meta])
    left = [number for number in project.scan.shards_in_force if number not in meta["shards"]]
    not_taken = sum(artifacts.shard(seeds, number).read_meta()["kept"] for number in left)
    funnel = {seeds: snapshot.funnel(sum(shard["kept"] for shard in metas[seeds]), not_taken)}
    for stage, total in totals.items():
        funnel[stage] = {key: total[key] for key in ("in", "kept", "rejected", "rules")}
    # Every verdict is kept: what counts is how many programs passed.
    for stage in {"executions", "reruns"}.intersection(sharded):
        verdicts = (artifacts.shard(stage, number).read() for number in meta["shards"])
        funnel[stage]["passed"] = sum(record["passed"] for record in chain.from_iterable(verdicts))
    funnel["dataset"] = {"in": meta["kept"], "kept": meta["kept"], "rejected": 0, "rules": {}}
    for stage, (name, count) in fan_out.items():
        funnel[stage][name] = count
    reconcile(funnel, {stage: count for stage, (_, count) in fan_out.items()})
    seconds = {stage: round(total["seconds"], 3) for stage, total in totals.items()}
    prices = Prices.of(project.settings.prices)
    return {
        "rows": meta["kept"],
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "recipe": artifacts.recipe.digest,
        "among": project.settings.selection.among,
        **_instructed_by(project.settings.instructions.source),
        "per_instruction": project.settings.selection.per_instruction,
        "funnel": funnel,
        "spent": {stage: total["spent"] for stage, total in totals.items()},
        "seconds": seconds,
        # What was spent on rows and on the losses of each rule, by stage: pipeline/dataset/cost.py.
        "cost": cost(costs(artifacts, sharded, meta["shards"], seconds), meta["kept"], prices),
        # Records that `retry` carried over from a recipe with lower limits, by stage and recipe.
        "carried": {stage: total["carried"] for stage, total in totals.items() if total["carried"]},
        "model": {
            **project.model.provenance,
            "architecture": project.model.architecture,
            "window": project.model.window,
        },
        "other_models": dict(other_models),
        "trust": in_words(calibration),
        "calibration": calibration,
        "sources": list(dict.fromkeys(published_name(source.label) for source in project.sources)),
        "licences": dict(
            sorted(Counter(place["licence"] or "unknown" for place in snapshot.occurrences.values()).items())
        ),
        "row_licences": dict(sorted(licences.items())),
        "shapes": dict(sorted(shapes.items())),
        **({"repaired": repaired} if "repairs" in sharded else {}),
        # What searched seeds and rows for secrets; null where nothing did.
        "secrets": private.detector(),
        "decontamination": _decontamination(project, totals["decontamination"]),
        "versions": {"python": platform.python_version(), **_versions()},
        "recipes": artifacts.recipe.in_words(),
    }


def _decontamination(project: Project, total: dict[str, Any]) -> dict[str, Any]:
    """What the rows were compared with, and the rows found, by pack and layer; `total` loses these counts."""
    spent = total["spent"]
    decontaminator = project.decontaminator
    return {
        "packs": [
            {
                "name": file.name,
                "source": published_name(file.source),
                "revision": file.revision,
                "layout": pack.layout,
                "tasks": len(pack.tasks),
                "found": {layer: int(spent.pop(f"{file.name}/{layer}", 0)) for layer in LAYERS},
                "not_confirmable": _not_confirmable(project, pack),
            }
            for file, pack in zip(project.packs, decontaminator.packs if decontaminator else (), strict=True)
        ],
        "removed": total["rules"].get("contaminated", 0),
        "removed_by_seed": total["rules"].get("contaminated_seed", 0),
        "thresholds": {
            key: getattr(project.settings.decontamination, key) for key in ("resembles", "suspect", "execute")
        },
    }


def _not_confirmable(project: Project, pack: Pack) -> dict[str, int] | None:
    """How many of the pack's tasks execution cannot confirm, by reason; None where it was not examined."""
    proofs = kept(project).known(pack) if project.settings.decontamination.execute else None
    return None if proofs is None else dict(Counter(proof.reason for proof in proofs if proof.reason))


def _instructed_by(source: str) -> dict[str, str]:
    """The source of instructions, where the card has to state that the model is no base model."""
    return {"instructions": source} if source == "magpie" else {}


def reconcile(funnel: Mapping[str, Mapping[str, Any]], fan_out: Mapping[str, int]) -> None:
    """Check that nothing got lost between or within stages; `fan_out` is 1 for a stage that it does not name.

    Raises PipelineError with the stage and its numbers.
    """
    for stage, counts in funnel.items():
        if counts["in"] != counts["kept"] + counts["rejected"]:
            _lost(stage, f"{counts['in']} in, {counts['kept']} kept, {counts['rejected']} rejected")
        if sum(counts["rules"].values()) != counts["rejected"]:
            _lost(stage, f"{counts['rejected']} rejected, rules name {sum(counts['rules'].values())}")
    for before, after in pairwise(funnel):
        handed_on = funnel[before]["kept"] * fan_out.get(after, 1)
        if funnel[after]["in"] != handed_on:
            _lost(after, f"{before} hands on {handed_on}, {after} took in {funnel[after]['in']}")


def _lost(stage: str, numbers: str) -> None:
    raise PipelineError(
        f"the funnel of {stage} does not add up: {numbers}",
        "a file was changed by hand or is damaged: `selfcodealign verify --repair` makes it anew",
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
