"""Batches of shards: a goal yields them, so that Luigi knows the tasks of a few shards at a time.

Whenever a task is to be chosen, Luigi's scheduler sorts all that wait: with every shard of every stage among them, the
cost of a run grows with the square of their number. A batch adds its shards when it is run, and has a lower priority
than any shard: the next one begins when nothing else can be done, also where a shard of the one before has failed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import luigi
from luigi.interface import core

from pipeline.project.project import Project
from pipeline.stages.base import PipelineTask
from pipeline.stages.selection import Selection
from pipeline.stages.stage import ShardTask

SHARDS = 64  # of a batch


class Batch(PipelineTask):
    """Some of the shards from which rows are selected. Each worker of a central scheduler has batches of its own."""

    number: int = luigi.IntParameter(description="number of the batch")
    worker: str = luigi.Parameter(description="the process that adds the shards; empty where there is one only")

    @property
    def priority(self) -> float:  # type: ignore[override]
        """Earlier batches first, and any shard before all of them."""
        return 1 / (1 + int(self.number))

    def is_made(self) -> bool:
        return not any(self._missing())

    def run(self) -> Iterator[list[luigi.Task]]:
        yield list(self._missing())

    def _missing(self) -> Iterator[ShardTask]:
        for number in self.project.scan.shards_in_force[self.number * SHARDS :][:SHARDS]:
            task = Selection.shard_task(self.project, number)
            if not task.paths.records.exists():
                yield task


def batches(project: Project) -> list[luigi.Task]:
    """The batches of all shards that are in force."""
    count = -(-len(project.scan.shards_in_force) // SHARDS)
    return [Batch(number=number, worker=this_worker(), project=project) for number in range(count)]


def this_worker() -> str:
    """The name of this process among the workers of a central scheduler; empty without one.

    A scheduler gives a worker only tasks that the worker has added, and a task has one list of requirements, whoever
    added it: what adds other tasks while it runs has to be a task of its own in each worker.
    """
    return "" if core().local_scheduler else f"{socket.gethostname()}_{_PROCESS}"


_PROCESS = os.getpid()  # not that of a child which Luigi forks
