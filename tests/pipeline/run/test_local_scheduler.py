"""Runs without luigid have a scheduler whose cost for a task does not grow with the number of tasks."""

from __future__ import annotations

import luigi
import pytest
from luigi import interface
from luigi.scheduler import Scheduler

import pipeline  # noqa: F401  # it makes Luigi use the scheduler
from pipeline.run import local_scheduler


class Numbered(luigi.Task):
    number: int = luigi.IntParameter()

    def complete(self) -> bool:
        return self.number in _made

    def run(self) -> None:
        _made.add(self.number)


class ManyNumbered(luigi.WrapperTask):
    def requires(self) -> list[luigi.Task]:
        return [Numbered(number=number) for number in range(20)]


_made: set[int] = set()


def test_many_tasks_are_pruned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pruned = []
    monkeypatch.setattr(Scheduler, "_prune_tasks", lambda self: pruned.append(self))
    assert luigi.build([ManyNumbered()], local_scheduler=True, log_level="ERROR")
    assert len(_made) == 20
    assert len(pruned) == 1
    assert isinstance(pruned[0], local_scheduler.LocalScheduler)


def test_it_is_pruned_again_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    pruned, now = [], [0.0]
    monkeypatch.setattr(Scheduler, "_prune_tasks", lambda self: pruned.append(now[0]))
    monkeypatch.setattr(local_scheduler.time, "monotonic", lambda: now[0])
    scheduler = interface._WorkerSchedulerFactory().create_local_scheduler()
    for now[0] in (0.0, 9.0, 10.0, 11.0):
        scheduler.get_work(worker="one")
    assert pruned == [0.0, 10.0]
