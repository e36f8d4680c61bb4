"""Repair what verification found: sound units stay, the others are made anew.

A damaged shard becomes unfinished again with its sound units in its journal, and its task makes the rest.
What comes out as it was before leaves everything after it untouched; where a unit comes out differently
(another machine), what was made from it is made anew as well. Seeds come from the sources: a damaged one
leaves its shard, and its file is read again at the next run.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.operations.integrity import Finding, Reach, made_from
from pipeline.stages.concepts import Concepts
from pipeline.stages.dataset import FinalDataset
from pipeline.stages.decontamination import Decontamination
from pipeline.stages.executions import Executions
from pipeline.stages.instructions import Drafts, Instructions
from pipeline.stages.judgements import Judgements
from pipeline.stages.responses import Responses
from pipeline.stages.selection import Selection
from pipeline.stages.verifications import Verifications
from targets import ShardPaths, ShardWriter
from targets.damage import checksums, reopen
from targets.journal import renew

_ALL = (
    Judgements, Concepts, Drafts, Instructions, Responses, Executions, Verifications, Decontamination,
)  # fmt: skip
_TASKS: dict[str, Any] = {task.stage: task for task in _ALL}


def repair(reach: Reach, found: list[Finding]) -> None:
    """Repair all findings, first stage first. Needs the session's lock.

    Raises PipelineError when a task fails.
    """
    damaged: dict[str, set[int]] = defaultdict(set)
    for finding in found:
        if finding.path.suffix == ".journal" and finding.shard is not None:
            renew(finding.path)
        elif finding.shard is not None:
            damaged[finding.stage].add(finding.shard)
        elif finding.path.name == "recipe.json":
            finding.path.unlink(missing_ok=True)
            reach.recipes[finding.stage].write(reach.run.artifacts)
    if reach.found.ledger.damaged:
        reach.found.ledger.compact()
    changed: dict[int, set[str]] = {}
    for number in damaged["seeds"]:
        changed[number] = _seeds(reach, number)
    for stage in reach.sharded[1:]:
        for number in sorted(damaged[stage] | changed.keys()):
            changed[number] = _shard(reach, stage, number, changed.get(number, set()))
    differs = any(changed.values())
    if damaged["selection"] or differs:
        _unpublish(reach.shard("selection", 0))
        _build(Selection(snapshot=reach.found.snapshot.digest))
    made = reach.folder("dataset")
    if any(made in finding.path.parents for finding in found) or (differs and made.exists()):
        shutil.rmtree(made, ignore_errors=True)
        FinalDataset().build()


def _shard(reach: Reach, stage: str, number: int, stale: set[str]) -> set[str]:
    """Make a shard anew where it is damaged or made from `stale` records; the ids that differ now."""
    paths = reach.shard(stage, number)
    if not paths.records.exists() and not reach.is_needed(stage, number):
        return set()
    expected = reach.expected(stage, number)
    before = checksums(paths)
    reopen(paths, lambda unit: unit in expected and not made_from(stage, unit, stale))
    _build(_TASKS[stage](shard=number))
    after = checksums(paths)
    return {unit for unit in before.keys() | after.keys() if before.get(unit) != after.get(unit)}


def _seeds(reach: Reach, number: int) -> set[str]:
    """Publish the sound seeds of a shard again, and forget the files of the others; the ids that left."""
    paths = reach.shard("seeds", number)
    later = reach.shard("concepts", number)
    held = checksums(paths).keys() | checksums(later).keys()
    reopen(paths)
    with ShardWriter(paths) as writer:
        lost = set(held - writer.done)
        writer.publish()
    ledger = reach.found.ledger
    ledger.record(
        {
            key: None
            for key, entry in list(ledger.items())
            if any(seed[0] in lost for seed in entry["seeds"])
        }
    )
    return lost


def _unpublish(paths: ShardPaths) -> None:
    for path in (paths.records, paths.rejected, paths.units, paths.meta):
        path.unlink(missing_ok=True)


def _build(task: luigi.Task) -> None:
    if not luigi.build([task], local_scheduler=True):
        raise PipelineError(f"{task} failed", "correct what it says above, then verify again")
