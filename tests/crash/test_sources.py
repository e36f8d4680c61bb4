"""Sources in trouble: nothing leaves the dataset because of an accident, and nothing torn gets into it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import sources, vanished
from pipeline.errors import MissingDataError
from pipeline.seeds import Scan
from pipeline.sources import Source, ledger_entry, observe

CODE = 'def double(x):\n    """Twice x."""\n    return 2 * x\n'


@pytest.fixture
def code(tmp_path: Path) -> Source:
    """A source of two files in two folders."""
    for name in ("code/a.py", "code/sub/b.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE)
    return sources.resolve("code", tmp_path, 1.0)


def scanned(tmp_path: Path, source: Source) -> Scan:
    """A scan against what the ledger remembers."""
    return Scan(tmp_path / "seeds", [source])


def remember(scan: Scan) -> None:
    scan.ledger.record({file.key: ledger_entry(file, observe(file, 150)) for file in scan.changed})


def refuse(scan: Scan) -> None:
    vanished.refuse(scan.ledger, scan.sources, set(scan.files), scan.unlisted)


def test_a_source_that_is_empty_all_at_once_is_refused_with_both_ways_out(tmp_path, code):
    remember(scanned(tmp_path, code))
    (code.root / "a.py").unlink()
    (code.root / "sub" / "b.py").unlink()
    with pytest.raises(MissingDataError, match="had 2 files before") as refused:
        refuse(scanned(tmp_path, code))
    assert "mount" in refused.value.remedy
    assert "--seeds-vanished drop" in refused.value.remedy


def test_a_single_deleted_file_is_no_accident(tmp_path, code):
    remember(scanned(tmp_path, code))
    (code.root / "a.py").unlink()
    scan = scanned(tmp_path, code)
    refuse(scan)
    assert scan.gone == ["code\ta.py"]


def test_a_folder_that_cannot_be_listed_is_refused_only_when_files_in_it_are_known(tmp_path, code):
    scan = scanned(tmp_path, code)
    scan.unlisted.append(PermissionError(13, "Permission denied", str(code.root / "sub")))
    refuse(scan)
    remember(scan)
    with pytest.raises(MissingDataError, match="sub cannot be listed"):
        refuse(scan)


def test_a_missing_folder_is_an_error_that_names_the_key_and_may_be_allowed(tmp_path):
    with pytest.raises(MissingDataError, match="vanished = drop"):
        sources.resolve("gone", tmp_path, 1.0)
    assert list(sources.files(sources.resolve("gone", tmp_path, 1.0, may_vanish=True))) == []


def test_permission_given_later_has_a_file_read_again(tmp_path, code):
    remember(scanned(tmp_path, code))
    os.chmod(code.root / "a.py", 0o600)
    assert [file.path for file in scanned(tmp_path, code).changed] == ["a.py"]


def test_new_content_behind_the_old_size_and_time_is_seen(tmp_path, code):
    remember(scanned(tmp_path, code))
    path = code.root / "a.py"
    before = path.stat()
    path.write_text(CODE.replace("2", "3"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [file.path for file in scanned(tmp_path, code).changed] == ["a.py"]


@pytest.mark.parametrize("shift", [-(10**9), 10**9], ids=["back", "ahead"])
def test_a_clock_that_jumps_changes_nothing_for_unchanged_files(tmp_path, code, shift):
    for path in code.root.rglob("*.py"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + shift))
    remember(scanned(tmp_path, code))
    assert scanned(tmp_path, code).changed == []


def rewriting(path: Path) -> Callable[[], None]:
    """Start writing a file over and over; returns what stops it."""
    stop = threading.Event()

    def write() -> None:
        size = 1
        while not stop.is_set():
            path.write_text(CODE * (size := size % 50 + 1))

    thread = threading.Thread(target=write)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()

    return end


def test_a_file_that_is_being_written_gives_whole_content_or_a_rejection(tmp_path, code):
    path = code.root / "a.py"
    path.write_text(CODE)
    end = rewriting(path)
    try:
        for _ in range(20):
            (file, _) = sources.files(code)
            observation = observe(file, 150)
            rules = {item.rule for item in observation.dropped}
            assert rules <= {"changing", "not_python"}
            assert all(seed.code.strip() == CODE.strip() for seed in observation.seeds)
    finally:
        end()
    scan = scanned(tmp_path, code)
    remember(scan)
    assert scanned(tmp_path, code).changed == []
