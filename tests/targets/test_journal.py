"""A journal keeps every whole record, whatever happened to the file or its writer."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from targets.journal import Journal


def test_records_come_back_in_order(tmp_path):
    with Journal(tmp_path / "j") as journal:
        for number in range(100):
            journal.append({"id": number, "text": "zeile\n" * number})
        assert [record["id"] for record in journal.records()] == list(range(100))


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_torn_tail_is_cut_and_writing_goes_on(tmp_path, cut):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append({"id": "first"})
        journal.append({"id": "second", "text": "0123456789" * 3})
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    with Journal(path) as journal:
        journal.append({"id": "third"})
        assert [record["id"] for record in journal.records()] == ["first", "third"]
        assert journal.damaged == 0


@pytest.mark.parametrize("garbage", [b"\0" * 40 + b"\n", b"not a line\n", b"00000000 {}\n", b"\n"])
def test_garbage_in_the_middle_costs_only_itself(tmp_path, garbage):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append({"id": 1})
    with open(path, "ab") as file:
        file.write(garbage)
    with Journal(path) as journal:
        journal.append({"id": 2})
        assert [record["id"] for record in journal.records()] == [1, 2]
        assert journal.damaged == 1


def test_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append({"id": 1, "text": "aaaa"})
        journal.append({"id": 2})
    path.write_bytes(path.read_bytes().replace(b"aaaa", b"aaba"))
    with Journal(path) as journal:
        assert [record["id"] for record in journal.records()] == [2]


def test_what_was_appended_survives_kill_9_of_the_writer(tmp_path):
    script = (
        "import sys, itertools\nfrom pathlib import Path\nfrom targets.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for n in itertools.count():\n    journal.append({'id': n})\n    print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "j")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(200)]
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.read().splitlines(keepends=True)
    process.wait()
    last = int([line for line in said if line.endswith("\n")][-1])
    with Journal(tmp_path / "j") as journal:
        found = [record["id"] for record in journal.records()]
    assert found == list(range(len(found)))
    assert len(found) > last


def test_a_full_disk_leaves_whole_records_only(tmp_path, monkeypatch):
    path = tmp_path / "j"
    journal = Journal(path)
    journal.append({"id": 1})
    real_write = os.write

    def half_a_line(descriptor, data):
        if descriptor != journal._descriptor:
            return real_write(descriptor, data)
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data[: len(data) - 10])

    monkeypatch.setattr(os, "write", half_a_line)
    with pytest.raises(OSError, match="No space"):
        journal.append({"id": 2, "text": "x" * 100})
    monkeypatch.undo()
    journal.append({"id": 3})
    assert [record["id"] for record in journal.records()] == [1, 3]
    assert journal.damaged == 0


def test_appends_are_synced_at_most_the_interval_later(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(descriptor))
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    journal = Journal(tmp_path / "j", sync_seconds=1.0)
    for _ in range(10):
        journal.append({})
    assert not synced
    clock[0] = 1.5
    journal.append({})
    assert len(synced) == 1
