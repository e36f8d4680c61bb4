"""A run aside: the pipeline's own tasks, one after the other, in a folder of their own.

For `try` and `plan`: the same code as the main job, configured the same, but for where it writes and what it
reads. Nothing of the project's own artifacts is changed; only what is known of the model file is shared.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import luigi
from luigi.configuration import get_config
from luigi.task import flatten
from rich.console import Console

from pipeline import config
from pipeline.config.location import ROOT
from pipeline.project import session
from pipeline.project.session import Session
from pipeline.run.reporter import Reporter
from pipeline.stages.base import ShardTask
from pipeline.stages.seeds import scan
from pipeline.stages.selection import Selection


def begin(artifacts: Path, sources: str | None = None) -> Session:
    """Make the process's session one that writes below `artifacts`, reports nothing, takes no lock."""
    own = (ROOT / config.load().project.artifacts).resolve()
    artifacts.mkdir(parents=True, exist_ok=True)
    known = artifacts / "model"
    if (own / "model").is_dir() and not known.exists():
        known.symlink_to(own / "model")
    # As if given on the command line: tasks that read their settings anew find the same.
    parser = get_config()
    parser.set("project", "artifacts", str(artifacts).replace("%", "%%"))
    if sources is not None:
        parser.set("seeds", "sources", sources.replace("%", "%%"))
    run = Session(config.load())
    run.reporter = Reporter(Console(file=io.StringIO()))
    session.use(run)
    run.preflight()
    return run


def shard_tasks(shard: int) -> list[ShardTask]:
    """The tasks that make a shard, in their order: those that the selection requires of one."""
    found = scan()
    required = flatten(Selection(snapshot=found.snapshot.digest).requires())
    tasks: dict[str, ShardTask] = {}
    for task in required:
        if task.shard == found.shards_in_force[0]:
            tasks.update((each.task_id, each) for each in _with_inputs(task.clone(shard=shard)))
    return list(tasks.values())


def _with_inputs(task: luigi.Task) -> Iterator[ShardTask]:
    for needed in flatten(task.requires()):
        yield from _with_inputs(needed)
    if isinstance(task, ShardTask):
        yield task
