"""What killed processes left is removed; what living ones, or other machines, are writing stays."""

import os
import subprocess
import sys

import pytest

from targets import Lease, ShardPaths, ShardWriter, sweep
from targets.processes import place


@pytest.fixture
def dead() -> int:
    """The id of a process that is no more."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True)
    return int(ended.stdout)


def test_temporaries_of_dead_processes_go_and_those_of_living_ones_stay(tmp_path, dead):
    (tmp_path / f".file.{place()}.{dead}.tmp").write_bytes(b"")
    (tmp_path / f".folder.{place()}.{dead}.tmp").mkdir()
    (tmp_path / f".folder.{place()}.{dead}.tmp" / "part").write_bytes(b"")
    kept = [
        tmp_path / f".file.{place()}.{os.getppid()}.tmp",
        tmp_path / "file.tmp",
        tmp_path / ".file.tmp",
    ]
    for path in kept:
        path.write_bytes(b"")
    assert len(sweep(tmp_path, alone=True)) == 2
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_another_machines_temporaries_go_only_when_there_is_no_other_machine(tmp_path, dead):
    path = tmp_path / f".file.0123abcd.{dead}.tmp"
    path.write_bytes(b"")
    assert sweep(tmp_path, alone=False) == []
    assert sweep(tmp_path, alone=True) == [path]


def test_a_living_lease_stays_while_others_work_and_a_dead_one_goes(tmp_path, dead):
    with Lease(tmp_path / "shard-000000.lease"):
        assert sweep(tmp_path, alone=False) == []
    path = tmp_path / "shard-000000.lease-1"
    path.write_text(f'{{"place": "{place()}", "pid": {dead}, "started": 1}}')
    assert sweep(tmp_path, alone=False) == [path]


def test_a_journal_goes_when_its_shard_is_published_and_never_before(tmp_path):
    paths = ShardPaths(tmp_path, 0)
    with ShardWriter(paths) as writer:
        writer.keep("a", {"id": "a"})
    content = paths.journal.read_bytes()
    assert sweep(tmp_path, alone=True) == []
    with ShardWriter(paths) as writer:
        writer.publish()
    paths.journal.write_bytes(content)
    assert sweep(tmp_path, alone=True) == [paths.journal]
