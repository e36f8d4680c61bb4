"""Takes one snippet through all stages, by calls of the main job's tasks.

The snippet is the only source of a scratch project. Model, prompts, sampling, sandbox and rules are those of the
project that it is derived from.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.operations.scratch_run import scratch_project
from pipeline.project.project import Project
from pipeline.stages.chain import shard_tasks
from pipeline.stages.seeds import Seeds
from pipeline.stages.selection import Selection
from targets import ShardPaths, read_jsonl


def project_of(snippet: str, project: Project, folder: Path) -> Project:
    """The project with the snippet as its only source, and with its artifacts below `folder`."""
    source = folder / "source"
    source.mkdir()
    (source / "snippet.py").write_text(snippet, encoding="utf-8")
    return scratch_project(project, folder / "artifacts", str(source))


def through_all_stages(project: Project) -> Iterator[dict[str, Any]]:
    """Each stage as it ends: {stage, seconds, kept: [record], rejected: [rejection]}.

    The last one is the first stage that keeps nothing, or the selection.
    """
    began = time.monotonic()
    Seeds(project=project).run()
    yield _stage("seeds", ShardPaths(project.scan.folder, 0), began)
    shards = project.scan.shards_in_force
    if not shards:
        return
    tasks = [*shard_tasks(project, shards[0]), Selection.of(project)]
    for task in tasks:
        began = time.monotonic()
        task.run()
        stage = _stage(task.stage, task.paths, began)
        yield stage
        if not stage["kept"]:
            return


def _stage(name: str, shard: ShardPaths, began: float) -> dict[str, Any]:
    kept: list[Any] = []
    rejected: list[Any] = []
    if shard.records.exists():
        kept, rejected = list(shard.read()), list(read_jsonl(shard.rejected))
    seconds = round(time.monotonic() - began, 2)
    return {"stage": name, "seconds": seconds, "kept": kept, "rejected": rejected}
