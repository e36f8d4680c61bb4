"""`python -m sandbox`, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent


def sandbox(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        input=stdin,
    )


@pytest.mark.parametrize(("source", "code"), [("assert True", 0), ("assert False", 1), ("import os; os._exit(0)", 1)])
def test_the_exit_code_is_the_verdict(tmp_path: Path, source: str, code: int) -> None:
    (tmp_path / "program.py").write_text(source)
    assert sandbox("run", str(tmp_path / "program.py")).returncode == code


def test_a_file_is_read_by_its_coding_line(tmp_path: Path) -> None:
    text = '# -*- coding: latin-1 -*-\nassert len("größe") == 5 and "größe"[2] == "\\xf6"\n'
    (tmp_path / "program.py").write_bytes(text.encode("latin-1"))
    assert sandbox("run", str(tmp_path / "program.py")).returncode == 0


def test_json_is_one_object_with_the_whole_result(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("print('hello')")
    done = sandbox("run", str(tmp_path / "program.py"), "--json")
    record = json.loads(done.stdout)
    assert record["passed"] and record["stdout"] == "hello\n" and record["status"] == "passed"


def test_nothing_that_a_program_writes_reaches_the_terminal_as_a_command() -> None:
    source = "print('\\x1b]52;c;ZXZpbA==\\x07 \\x9b31m \\r\\u202e é')\nraise ValueError('\\x1b[2J')\n"
    shown = sandbox("run", "-", stdin=source).stdout
    assert "\\x1b]52" in shown and "é" in shown
    assert all(character.isprintable() or character == "\n" for character in shown)
    text = sandbox("run", "-", "--json", stdin=source).stdout
    assert text.isascii() and "\x1b" not in text


def test_limits_can_be_given(tmp_path: Path) -> None:
    assert sandbox("run", "-", "--memory", "128", stdin="x = bytearray(200 << 20)").stdout.startswith("oom")
    late = sandbox("run", "-", "--timeout", "1", stdin="import time; time.sleep(60)")
    assert late.stdout.startswith("timeout")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "no-such-file.py"),
        ("run", "-", "--memory", "0"),
        ("run", "-", "--packages", "no-such-one"),
    ],
)
def test_a_wrong_argument_is_one_line_and_exit_code_two(arguments: tuple[str, ...]) -> None:
    done = sandbox(*arguments)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1


def test_the_doctor_finds_this_machine_able() -> None:
    done = sandbox("check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASS") >= 12 and "FAIL" not in done.stdout


def test_the_doctor_speaks_json() -> None:
    findings = [json.loads(line) for line in sandbox("check", "--json").stdout.splitlines()]
    assert {finding["level"] for finding in findings} <= {"PASS", "CAUTION"}
    assert {"bubblewrap", "user namespaces", "seccomp", "memory control"} <= {f["name"] for f in findings}
