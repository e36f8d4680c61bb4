"""Where no sandbox can be made, nothing runs, and the message says what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import SandboxUnavailable, bwrap, run
from sandbox.staging import root

PROJECT = Path(__file__).parent.parent.parent


def without_user_namespaces(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m sandbox` where no further user namespace may be made."""
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" -m sandbox "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script, sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )


def test_without_user_namespaces_nothing_runs(tmp_path: Path) -> None:
    program, mark = tmp_path / "program.py", tmp_path / "mark"
    program.write_text(f"open({str(mark)!r}, 'w')")
    done = without_user_namespaces("run", str(program))
    assert done.returncode == 2
    assert "cannot make a sandbox" in done.stderr and "sysctl" in done.stderr
    assert "Traceback" not in done.stderr and not mark.exists()


def test_without_user_namespaces_the_doctor_names_the_remedy() -> None:
    done = without_user_namespaces("check")
    assert done.returncode == 2
    assert "FAIL    user namespaces" in done.stdout and "sysctl -w user.max_user_namespaces" in done.stdout


def test_root_of_a_user_namespace_is_served_as_an_ordinary_user(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os\nassert os.getuid() == 1000")
    done = subprocess.run(
        [
            "unshare",
            "--user",
            "--map-root-user",
            sys.executable,
            "-m",
            "sandbox",
            "run",
            str(program),
        ],
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr


def test_without_bwrap_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SandboxUnavailable, match="install bubblewrap"):
        run("pass")


def test_an_old_bwrap_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho bubblewrap 0.4.1\n")
    old.chmod(0o755)
    with pytest.raises(SandboxUnavailable, match=r"0\.5\.0 or newer"):
        bwrap.version(old)


def test_a_bwrap_that_fails_is_a_sandbox_error_and_never_the_programs(tmp_path: Path) -> None:
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "bwrap").write_text('#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.9.0 && exit\nexit 1\n')
    (broken / "bwrap").chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "run", "-", "--json"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        input="assert True",
        env={
            **os.environ,
            "PATH": f"{broken}:{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        },
    )
    assert done.returncode == 2, done
    assert json.loads(done.stdout)["status"] == "sandbox_error"
