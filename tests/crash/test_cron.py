"""docs/cron.md as it stands there: the crontab line keeps quiet or says why, the units are valid."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from targets import lock
from tests.crash.conftest import Small

PAGE = (Path(__file__).parents[2] / "docs" / "cron.md").read_text()


def nightly(project: Small) -> str:
    """What the crontab's line prints, which cron would mail, in this project."""
    line = re.search(r"^    0 1 \* \* \*  cd /home/me/sca && (.+)$", PAGE, re.MULTILINE)
    assert line
    command = line[1].replace(".venv/bin/luigi", str(Path(sys.executable).with_name("luigi")))
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=project.root,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(project.root), "PYTHONPATH": os.getcwd()},
    )
    return ended.stdout + ended.stderr


def test_a_night_with_nothing_to_do_mails_nothing(project):
    assert nightly(project) == ""


def test_a_night_that_fails_mails_its_code_and_last_lines(project):
    project.configure(responses={"samples": 0})
    mail = nightly(project)
    assert "ended with code 15" in mail
    assert "[responses] samples = 0" in mail


def test_a_night_that_finds_the_last_one_at_work_mails_nothing(project):
    descriptor = lock(project.artifacts / "lock")
    try:
        assert nightly(project) == ""
    finally:
        os.close(descriptor)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_systemd_accepts_the_units(tmp_path):
    luigi = tmp_path / "sca" / ".venv" / "bin" / "luigi"
    luigi.parent.mkdir(parents=True)
    luigi.write_text("#!/bin/sh\n")
    luigi.chmod(0o755)
    units = re.findall(r"`~/\.config/systemd/user/([\w.-]+)`:\n\n((?:    .*\n|\n)+)", PAGE)
    assert len(units) == 3
    for name, text in units:
        (tmp_path / name).write_text(re.sub(r"^    ", "", text, flags=re.MULTILINE))
    checked = subprocess.run(
        ["systemd-analyze", "--user", "verify", *(str(tmp_path / name) for name, _ in units)],
        env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
