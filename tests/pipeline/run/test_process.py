"""The run of a process: whatever hinders its start reaches the terminal, and a signal ends it in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.location import PACKAGE_ROOT
from tests.pipeline.config.test_location import python

BEGIN = "from pipeline.run import process; process.begin(); print('begun', flush=True)"
WAIT = f"{BEGIN}; import time; time.sleep(600)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "luigi.cfg").write_text("[seeds]\nsources = code\n")
    return tmp_path


def waiting(folder: Path, *before: str) -> subprocess.Popen[str]:
    """A process whose run has begun, and which waits."""
    process = subprocess.Popen(
        [*before, sys.executable, "-c", WAIT],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("place", ["logs", "lock"])
def test_a_file_in_the_way_of_the_start_is_named_in_one_line(folder: Path, place: str) -> None:
    blocked = folder / "artifacts" / place
    blocked.parent.mkdir()
    if place == "logs":
        blocked.write_text("not a folder")
    else:
        blocked.mkdir()
    code, _, message = python(BEGIN, folder)
    assert code == 35
    assert len(message.splitlines()) == 2
    assert message.startswith("error: ")
    assert str(folder / "artifacts") in message


def test_an_error_of_any_class_at_the_start_reaches_the_terminal(folder: Path) -> None:
    broken = "from pipeline.run import process; process.sweep = lambda *_, **__: 1 / 0;"
    code, _, message = python(f"{broken}{BEGIN}", folder)
    assert code == 30
    assert "error: the run cannot begin: ZeroDivisionError" in message


def test_names_that_are_not_utf8_are_no_obstacle(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    (folder / "luigi.cfg").write_text("[seeds]\nsources = code\n")
    code, shown, message = python(f"import sys; sys.argv.append('\\udcff'); {BEGIN}", folder)
    assert (code, shown) == (0, "begun"), message
    assert b"udcff" in (folder / "artifacts" / "lock").read_bytes()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=lambda item: str(item)
)
def test_a_signal_ends_the_run_with_its_own_code_and_says_how_to_go_on(
    folder: Path, number: signal.Signals, code: int
) -> None:
    process = waiting(folder)
    process.send_signal(number)
    _, message = process.communicate(timeout=60)
    assert process.returncode == code, message
    assert "goes on from there" in message
    assert b'"interrupted"' in (folder / "artifacts" / "status.json").read_bytes()


def test_a_lost_connection_does_not_end_what_nohup_started(folder: Path) -> None:
    process = waiting(folder, "nohup")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
