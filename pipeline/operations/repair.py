"""Repairs what the integrity check found: sound units stay, the others are made again.

A damaged shard becomes unfinished again with its sound units in its journal, and its task makes the rest. What comes
out as it was before leaves everything after it untouched; where a unit comes out differently (another machine), what
was made from it is made again as well. Seeds come from the sources: a damaged one leaves its shard, and its file is
read again at the next run.
"""

from __future__ import annotations

import shutil
from collections import defaultdict

import luigi

from pipeline.errors import PipelineError
from pipeline.operations.integrity import Current, Finding
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.stages.selection import Selection
from targets import ShardPaths, ShardWriter
from targets.damage import checksums, reopen
from targets.journal import renew


def repair(current: Current, findings: list[Finding]) -> None:
    """Repair all findings, first stage first. Needs the lock on the artifacts folder.

    Raises PipelineError when a task fails.
    """
    artifacts, project = current.artifacts, current.project
    damaged: dict[str, set[int]] = defaultdict(set)
    for finding in findings:
        if finding.path.suffix == ".journal" and finding.shard is not None:
            renew(finding.path)
        elif finding.shard is not None:
            damaged[finding.stage].add(finding.shard)
        elif finding.path.name == "recipe.json":
            finding.path.unlink(missing_ok=True)
            artifacts.recipe_of(finding.stage).write(project.artifacts)
    if project.scan.ledger.damaged:
        project.scan.ledger.compact()
    changed: dict[int, set[str]] = {}
    for number in damaged[SEEDS]:
        changed[number] = _seeds(current, number)
    for stage in current.tasks:
        for number in sorted(damaged[stage] | changed.keys()):
            changed[number] = _shard(current, stage, number, changed.get(number, set()))
    differs = any(changed.values())
    if damaged[Selection.stage] or differs:
        _unpublish(artifacts.shard(Selection.stage, 0))
        _build(Selection.of(project))
    made = current.dataset.folder
    if any(made in finding.path.parents for finding in findings) or (differs and made.exists()):
        shutil.rmtree(made, ignore_errors=True)
        current.dataset.build()


def _shard(current: Current, stage: str, number: int, stale: set[str]) -> set[str]:
    """Make a shard again where it is damaged or made from `stale` records; return the ids that now differ."""
    paths = current.artifacts.shard(stage, number)
    if not paths.records.exists() and not current.is_needed(stage, number):
        return set()
    task = current.tasks[stage].clone(shard=number)
    expected = current.expected(stage, number)
    before = checksums(paths)
    reopen(paths, lambda unit: unit in expected and not task.depends_on(unit, stale))
    _build(task)
    after = checksums(paths)
    return {unit for unit in before.keys() | after.keys() if before.get(unit) != after.get(unit)}


def _seeds(current: Current, number: int) -> set[str]:
    """Publish the sound seeds of a shard again, and forget the files of the others; the ids that left."""
    paths = current.artifacts.shard(SEEDS, number)
    first_stage = next(iter(current.tasks))
    later = current.artifacts.shard(first_stage, number)
    held = checksums(paths).keys() | checksums(later).keys()
    reopen(paths)
    with ShardWriter(paths) as writer:
        lost = set(held - writer.done)
        writer.publish()
    ledger = current.project.scan.ledger
    ledger.record({key: None for key, entry in list(ledger.items()) if any(seed[0] in lost for seed in entry["seeds"])})
    return lost


def _unpublish(paths: ShardPaths) -> None:
    for path in (paths.records, paths.rejected, paths.units, paths.meta):
        path.unlink(missing_ok=True)


def _build(task: luigi.Task) -> None:
    if not luigi.build([task], local_scheduler=True):
        raise PipelineError(
            f"{task} failed", "correct what the message above names, then `selfcodealign verify --repair` again"
        )
