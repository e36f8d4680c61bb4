"""Finds what has changed since the last run: the work of the next run, stage by stage, with its reasons.

In: the sources, the configuration and the artifacts folder; nothing is written and no model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.operations import carryover
from pipeline.project.project import Project
from pipeline.seeds.candidates import count_new
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.seeds.scan import Scan
from pipeline.seeds.scan import recipe as seeds_recipe
from pipeline.stages.chain import shard_tasks
from pipeline.stages.dataset import FinalDataset
from pipeline.stages.selection import Selection
from pipeline.stages.stage import ShardTask
from pipeline.text.display import counted
from targets import Artifacts, Recipe
from targets.journal import read_journal

SHOWN = 5  # files of a kind that are named; the others are counted
READ = 1000  # new and changed Python files that are read to count their functions

Reason = dict[str, Any]  # stage, what, because: [line, ...]


def reasons(project: Project) -> list[Reason]:
    """The work of the next run, stage by stage: {stage, what, because: [line, ...]}."""
    scan = project.scan
    findings = _seeds(project, scan)
    selection = Selection.of(project)
    for task in shard_tasks(project):
        findings += _sharded(task, selection.foreseen)
    dataset = FinalDataset(project=project)
    if not dataset.folder.exists():
        because = _changes(project, selection.recipe) or ["an earlier stage has something to do"]
        findings.append({"stage": "selection", "what": "to make, and the dataset", "because": because})
    elif dataset.latest.resolve() != dataset.folder.resolve():
        what = f"latest is pointed back at {dataset.recipe.digest}"
        findings.append({"stage": "dataset", "what": what, "because": []})
    return findings


def _seeds(project: Project, scan: Scan) -> list[Reason]:
    changed, gone = scan.changed, scan.gone
    if not changed and not gone:
        return []
    listed = [part.key for part in changed if part.key in scan.ledger]
    # The last element of a part's signature is that of the criteria.
    by_criteria = {key for key in listed if _signature(scan, key)[:-1] == scan.parts[key][2][:-1]}
    because = [
        *_some("new", [_place(part.key) for part in changed if part.key not in scan.ledger]),
        *_some("changed", [_place(key) for key in listed if key not in by_criteria]),
        *_some("gone", [_place(key) for key in gone]),
    ]
    if by_criteria:
        because.append(f"a key of [seeds] has changed: {counted(len(by_criteria), 'file')} to read again")
    files = [part for part in changed if part.path.endswith(".py")][:READ]
    parts = ((scan.parts[part.key][0], part) for part in files)
    new = count_new(parts, project.criteria, scan.snapshot.occurrences)
    of = "" if len(files) == len(changed) else f" in {len(files)} of them"
    are = "is new, unless it resembles another or fails" if new == 1 else "are new, unless they resemble others or fail"
    because.append(f"{counted(new, 'function')}{of} {are} the type check")
    if not scan.ledger.path.exists():
        because += _changes(project, seeds_recipe())
    what = f"{counted(len(changed), 'file')} to read, {len(gone)} gone"
    return [{"stage": SEEDS, "what": what, "because": because}]


def _signature(scan: Scan, key: str) -> list[Any]:
    """A part's signature in the ledger; empty where the ledger has none."""
    entry = scan.ledger.get(key)
    return list(entry["signature"]) if entry else []


def _place(key: str) -> str:
    return key.replace("\t", "/")


def _some(what: str, places: Sequence[str]) -> list[str]:
    """A line for each of the first places, and one that counts the others."""
    lines = [f"{what}: {place}" for place in places[:SHOWN]]
    if len(places) > SHOWN:
        lines.append(f"{what}: {len(places) - SHOWN} more")
    return lines


def _sharded(first: ShardTask, shards: Sequence[int]) -> list[Reason]:
    tasks = [first.clone(shard=number) for number in shards]
    missing = [task for task in tasks if not task.paths.records.exists()]
    if not missing:
        return []
    recipe = first.recipe
    begun = recipe.folder(first.project.artifacts).exists()
    because = [] if begun else _changes(first.project, recipe)
    incomplete = [_missing_records(task) for task in missing]
    counts = [count for count, _ in incomplete if count is not None]
    because += [f"shard {task.shard:06d}: {text}" for task, (_, text) in zip(missing, incomplete, strict=True)][:SHOWN]
    if len(missing) > SHOWN:
        because.append(f"{len(missing) - SHOWN} more shards")
    if (earlier := carryover.donor(first)) is not None:
        because.append(
            f"{recipe.stage}/{earlier.digest} differs in limits alone: `selfcodealign retry --only "
            "RULE` keeps its good records"
        )
    at_least = "at least " if len(counts) < len(missing) else ""
    what = f"{len(missing)} of {len(shards)} shards to make"
    if counts:
        what += f", {at_least}{sum(counts)} records"
    return [{"stage": first.stage, "what": what, "because": because}]


def _missing_records(task: ShardTask) -> tuple[int | None, str]:
    """The number of records that a shard lacks, with a text; None before the shard of the stage before is made."""
    journal = task.paths.journal
    journaled = sum(1 for _ in read_journal(journal)) if journal.exists() else 0
    if not task.before.paths.records.exists():
        text = f"{journaled} records are journaled already" if journaled else "not begun"
        return None, text
    units = task.expected()
    return units - journaled, f"{units - journaled} of {units} records are missing"


def _changes(project: Project, recipe: Recipe) -> list[str]:
    """The differences of a recipe from the newest other recipe of its stage on disk, key by key."""
    earlier = next(Artifacts(project.artifacts, recipe).siblings(recipe.stage), None)
    if earlier is None:
        return ["there is no earlier recipe"]
    before = _flat({**earlier.ingredients, **earlier.limits})
    now = _flat({**recipe.ingredients, **recipe.limits})
    lines = [
        f"{key}: {before.get(key, 'unset')} -> {now.get(key, 'unset')}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    return lines or ["a stage before it has another recipe"]


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat.update(_flat(inner, f"{prefix}.{key}" if prefix else key))
    return flat
