"""Sources in trouble: nothing leaves the dataset because of an accident, and nothing torn gets into it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import sources
from pipeline.errors import MissingDataError
from pipeline.records import Rejection
from pipeline.seeds.missing_sources import require_present
from pipeline.seeds.scan import Scan
from pipeline.sources import Document, Part
from tests.support.scans import open_scan, rejections, settings, take

CODE = 'def double(x):\n    """Twice x."""\n    return 2 * x\n'


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A source of two files in two folders."""
    for name in ("code/a.py", "code/sub/b.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE)
    return tmp_path / "code"


def scanned(tmp_path: Path, vanished: str = "stop") -> Scan:
    """A scan against what the ledger remembers."""
    return open_scan(tmp_path, ["code"], vanished=vanished)


def refuse(scan: Scan, *more: Part) -> None:
    require_present(scan.ledger, scan.sources, [*scan.listed, *more])


def test_a_source_that_is_empty_all_at_once_is_refused_with_both_ways_out(tmp_path, code):
    take(scanned(tmp_path))
    (code / "a.py").unlink()
    (code / "sub" / "b.py").unlink()
    with pytest.raises(MissingDataError, match="had 2 files before") as refused:
        refuse(scanned(tmp_path))
    assert "mount" in refused.value.remedy
    assert "--seeds-vanished drop" in refused.value.remedy


def test_a_single_deleted_file_is_no_accident(tmp_path, code):
    take(scanned(tmp_path))
    (code / "a.py").unlink()
    scan = scanned(tmp_path)
    refuse(scan)
    assert scan.gone == ["code\ta.py"]


def test_a_folder_that_cannot_be_listed_is_refused_only_when_files_in_it_are_known(tmp_path, code):
    unlisted = Part("code", "sub", left_out=Rejection("unreadable", "Permission denied"))
    refuse(scanned(tmp_path), unlisted)
    take(scanned(tmp_path))
    with pytest.raises(MissingDataError, match="sub/ cannot be read"):
        refuse(scanned(tmp_path), unlisted)


def test_a_missing_folder_is_an_error_that_names_the_key_and_may_be_allowed(tmp_path, code):
    take(scanned(tmp_path))
    shutil.rmtree(code)
    with pytest.raises(MissingDataError, match="vanished = drop"):
        scanned(tmp_path)
    scan = take(scanned(tmp_path, vanished="drop"))
    assert scan.snapshot.occurrences == {}
    assert rejections(tmp_path)["code/."][0] == "unreadable"


def test_permission_given_later_has_a_file_read_again(tmp_path, code):
    take(scanned(tmp_path))
    os.chmod(code / "a.py", 0o600)
    assert [part.path for part in scanned(tmp_path).changed] == ["a.py"]


def test_new_content_behind_the_old_size_and_time_is_seen(tmp_path, code):
    take(scanned(tmp_path))
    path = code / "a.py"
    before = path.stat()
    path.write_text(CODE.replace("2", "3"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [part.path for part in scanned(tmp_path).changed] == ["a.py"]


@pytest.mark.parametrize("shift", [-(10**9), 10**9], ids=["back", "ahead"])
def test_a_clock_that_jumps_changes_nothing_for_unchanged_files(tmp_path, code, shift):
    for path in code.rglob("*.py"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + shift))
    take(scanned(tmp_path))
    assert scanned(tmp_path).changed == []


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
    path = code / "a.py"
    source = sources.resolve("code", tmp_path, settings())
    end = rewriting(path)
    try:
        for _ in range(20):
            (part, _) = source.parts()
            (found,) = source.documents(part)
            if isinstance(found, Document):
                assert found.content.decode() in ("", *(CODE * times for times in range(51)))
            else:
                assert found.rejection.rule == "changing"
    finally:
        end()
    take(scanned(tmp_path))
    assert scanned(tmp_path).changed == []
