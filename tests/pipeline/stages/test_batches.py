"""Shards are made in batches: Luigi knows few at a time, and a shard that fails stops no other batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import luigi
import pytest
from luigi.scheduler import Scheduler

from pipeline.run import process
from pipeline.run.reporter import silent_reporter
from pipeline.stages import batches
from pipeline.stages.batches import Batch
from pipeline.stages.selection import Selection

IN_FORCE = list(range(0, 20, 2))


class FewShards:
    """What a batch reads of a project."""

    scan = SimpleNamespace(shards_in_force=IN_FORCE)


class MadeShard(luigi.Task):
    """A file in a folder; the shard with the number 2 fails."""

    shard: int = luigi.IntParameter()
    folder: str = luigi.Parameter()

    @property
    def priority(self) -> int:  # type: ignore[override]
        return 1000 - int(self.shard)

    @property
    def paths(self) -> Any:
        return SimpleNamespace(records=Path(self.folder) / str(self.shard))

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.paths.records))

    def run(self) -> None:
        if self.shard == 2 and not Path(self.folder, "repaired").exists():
            raise ValueError
        self.paths.records.touch()


class Everything(luigi.Task):
    """What yields batches, as FinalDataset does."""

    folder: str = luigi.Parameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(f"{self.folder}/everything")

    def run(self) -> Iterator[Any]:
        yield batches.batches(process.begin().project)
        Path(self.output().path).touch()


@pytest.fixture
def pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of tasks that waited, each time that one was chosen; batches are of three shards."""
    project = FewShards()
    run = SimpleNamespace(project=project, reporter=silent_reporter(), has_failed=False, log_file="log")
    monkeypatch.setattr(process, "begin", lambda: run)
    monkeypatch.setattr(process, "is_own", lambda value: True)
    monkeypatch.setattr(batches, "SHARDS", 3)
    shard = staticmethod(lambda project, number: MadeShard(shard=number, folder=str(tmp_path)))
    monkeypatch.setattr(Selection, "shard_task", shard)
    waiting: list[int] = []
    choose = Scheduler.get_work

    def get_work(self: Any, **words: Any) -> Any:
        waiting.append(len(self._state._status_tasks["PENDING"]))
        return choose(self, **words)

    monkeypatch.setattr(Scheduler, "get_work", get_work)
    return waiting


def test_all_shards_in_force_are_made_and_few_wait_at_a_time(tmp_path: Path, pending: list[int]) -> None:
    (tmp_path / "repaired").touch()
    assert luigi.build([Everything(folder=str(tmp_path))], local_scheduler=True)
    assert sorted(int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()) == IN_FORCE
    # Three shards of the batch at work, four batches, and what yields them.
    assert max(pending) <= 3 + 4 + 1


def test_a_failed_shard_keeps_no_other_batch_from_being_made(tmp_path: Path, pending: list[int]) -> None:
    assert not luigi.build([Everything(folder=str(tmp_path))], local_scheduler=True)
    made = sorted(int(path.name) for path in tmp_path.iterdir())
    assert made == [number for number in IN_FORCE if number != 2]


def test_batches_come_after_every_shard_and_in_their_order() -> None:
    priorities = [Batch(number=number, worker="").priority for number in range(3)]
    assert priorities == sorted(priorities, reverse=True)
    assert all(0 < priority <= 1 for priority in priorities)
