"""The first seeds of a project through all stages: what becomes of each, before a whole run is paid for.

In: the sources, as a run has read them, or else read here as `plan` reads them. Out: each seed with its row, if it has
one, and with everything that was rejected on the way. The seeds are those with the lowest ids, which are hashes: a
random sample, and always the same one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import MissingDataError
from pipeline.operations.pilot import write_seeds
from pipeline.operations.scratch_run import scratch_project
from pipeline.project.project import Project
from pipeline.records import Rejection, Selected, seed_of
from pipeline.seeds.scan import Scan
from pipeline.selection.candidates import read_joined
from pipeline.stages.chain import shard_tasks
from pipeline.stages.seeds import Seeds
from pipeline.stages.selection import Selection, selector_of
from pipeline.stages.shaped import in_form
from targets import ShardPaths, read_jsonl

Log = Callable[[str], None]


@dataclass(slots=True)
class Previewed:
    """A seed's record, its row or None, and what was rejected: {stage, id, rule, evidence}."""

    seed: dict[str, Any]
    row: Selected | None = None
    rejected: list[dict[str, Any]] = field(default_factory=list)


def preview(project: Project, count: int, folder: Path, log: Log) -> list[Previewed]:
    """Take `count` seeds through all stages in `folder`. Raises MissingDataError where the sources hold no seed."""
    scan = _scanned(project, log)
    current = scan.snapshot.occurrences
    if not current:
        raise MissingDataError("no source holds a seed", "see `doctor`, and [seeds] in luigi.cfg")
    chosen = set(sorted(current)[:count])
    sample = scratch_project(project, folder)
    write_seeds(sample, scan.folder, chosen)
    log(f"{len(chosen)} of {len(current)} seeds go through all stages")
    rejected: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with sample.base.engine:  # a caller in Python may go on, and needs the memory
        for task in shard_tasks(sample):
            task.run()
            for rejection in read_jsonl(task.paths.rejected):
                rejected[seed_of(rejection["id"])].append(_rejected(task.stage, rejection))
            log(f"{task.stage}: {task.paths.read_meta()['kept']} of {task.expected()} kept")
    rows = {}
    selector = selector_of(sample, current)
    judged = selector.judge(read_joined(Selection.shard_task(sample, 0).artifacts, 0))
    for fate in in_form(sample, log, judged):
        seed, outcome = seed_of(fate.id), fate.outcome
        if isinstance(outcome, Rejection):
            dropped = {"id": fate.id, "rule": outcome.rule, "evidence": outcome.evidence}
            rejected[seed].append(_rejected(Selection.stage, dropped))
        else:
            rows[seed] = outcome
    seeds = ShardPaths(sample.scan.folder, 0).read()
    return [Previewed(seed, rows.get(seed["id"]), rejected[seed["id"]]) for seed in seeds]


def _scanned(project: Project, log: Log) -> Scan:
    """The seeds of a finished scan: the project's own, or else that of `plan`."""
    if not Seeds(project=project).is_made():
        log("reading the sources")
        project = scratch_project(project, project.artifacts / "pilot" / "whole")
        seeds = Seeds(project=project)
        if not seeds.is_made():
            seeds.run()
    return project.scan


def _rejected(stage: str, rejection: dict[str, Any]) -> dict[str, Any]:
    return {"stage": stage, **{key: rejection[key] for key in ("id", "rule", "evidence")}}
