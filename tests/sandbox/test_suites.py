"""The hostile and the benign programs, in one pool, in every mode that this user can try.

Root tries three: with a memory control group, without, and as an ordinary user. Others try the last two.
The programs that only wait for a limit run once by default, and in every mode with SANDBOX_FULL=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest

SUITE = Path(__file__).parent / "suite.py"
ORDINARY_UID = 12_345
ROOT_MODES = ("with a control group", "without a control group", "as an ordinary user")
MODES = ROOT_MODES if os.geteuid() == 0 else ROOT_MODES[:2]
# They take as long as a limit allows; what they show does not depend on the mode.
SLOW = {
    "early_stops_itself",
    "resource_at_exit_never_ends",
    "resource_backtracking_expression",
    "resource_big_power",
    "resource_burns_in_children",
    "resource_burns_in_short_lived_children",
    "resource_fork_bomb",
    "resource_ignores_the_processor_signal",
    "resource_locks_without_end",
    "resource_loops_forever",
    "resource_pipes_full_of_data",
    "resource_recursion_in_c",
    "resource_sleeps_forever",
    "resource_stops_its_parent",
    "resource_threads_that_spin_and_never_join",
}


def interpreter_for_others() -> str:
    """A Python that an ordinary user may run: this one, or the system's where this one lies in /root."""
    for path in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        folders = [*Path(path).parents]
        if os.path.exists(path) and all(folder.stat().st_mode & 0o001 for folder in folders):
            return path
    raise AssertionError("no Python here that an ordinary user may run: install the system's python3")


def command(mode: str, cache: str, names: list[str]) -> list[str]:
    if mode != "as an ordinary user":
        options = ["--no-cgroup"] if mode == "without a control group" else []
        return [sys.executable, str(SUITE), *options, *names]
    user = ["setpriv", "--reuid", str(ORDINARY_UID), "--regid", str(ORDINARY_UID), "--clear-groups"]
    return [*user, interpreter_for_others(), str(SUITE), "--cache", cache, *names]


def survivors(marker: str) -> list[int]:
    """Processes that were started with `marker` in their environment, other than this one."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module", params=MODES)
def outcome(
    request: pytest.FixtureRequest,
    suite: ModuleType,
    full: bool,
) -> Iterator[dict[str, dict[str, Any]]]:
    """Every program's result in one mode, by name."""
    first = request.param == MODES[0]
    names = [] if first or full else [c.name for c in suite.cases() if c.name not in SLOW]
    marker = f"SANDBOX_SUITE={os.getpid()}-{MODES.index(request.param)}"
    name, _, value = marker.partition("=")
    # not pytest's folders: any session of the same user makes those private again
    with TemporaryDirectory(prefix="sandbox-suite-") as cache:
        if request.param == ROOT_MODES[2]:
            os.chown(cache, ORDINARY_UID, ORDINARY_UID)
        done = subprocess.run(
            command(request.param, cache, names),
            capture_output=True,
            text=True,
            cwd=SUITE.parent.parent.parent,
            env={"PATH": os.environ["PATH"], "HOME": cache, name: value},
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert survivors(marker) == []
    results = [json.loads(line) for line in done.stdout.splitlines()]
    expected = names or [case.name for case in suite.cases()]
    assert sorted(result["id"] for result in results) == sorted(expected)
    yield {result["id"]: result for result in results}


def wrong(outcome: dict[str, dict[str, Any]], suite: ModuleType, folder: str) -> list[str]:
    """The programs of a folder that ended with another status than they should."""
    names = {path.stem for path in SUITE.parent.glob(f"{folder}/*.program")}
    return [
        f"{case.name}: {outcome[case.name]['status']}, {outcome[case.name]['stderr'][-300:]}"
        for case in suite.cases()
        if case.name in names and case.name in outcome
        if outcome[case.name]["status"] not in case.expected
    ]


def test_there_are_enough_programs(suite: ModuleType) -> None:
    hostile = [case for case in suite.cases() if "passed" not in case.expected]
    assert len(hostile) >= 60
    assert len(suite.cases()) - len(hostile) >= 20


def test_no_hostile_program_passes(outcome: dict[str, dict[str, Any]], suite: ModuleType) -> None:
    assert wrong(outcome, suite, "hostile") == []


def test_no_hostile_program_breaks_out(outcome: dict[str, dict[str, Any]]) -> None:
    assert [name for name, result in outcome.items() if "BREACH" in result["stdout"]] == []


def test_every_benign_program_passes_beside_hostile_ones(outcome: dict[str, dict[str, Any]], suite: ModuleType) -> None:
    assert wrong(outcome, suite, "benign") == []


def test_the_sandbox_is_never_to_blame(outcome: dict[str, dict[str, Any]]) -> None:
    assert [name for name, result in outcome.items() if result["status"] == "sandbox_error"] == []
