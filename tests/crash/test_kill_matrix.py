"""Killed at random moments, over and over: nothing finished is lost, changed or made twice, nothing is left.

`KILLS=500 pytest tests/crash/test_kill_matrix.py` is the larger version.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.crash.conftest import Small
from tests.support.projects import STAGES, alive, descendants, kill_tree, wait_until

KILLS = int(os.environ.get("KILLS", "50"))
SIGNALS = max(6, KILLS // 8)


def outcomes(project: Small) -> dict[tuple[str, str], Any]:
    """Every finished unit, journaled or published, by stage and id; each must be there once."""
    found: dict[tuple[str, str], Any] = {}
    for stage in STAGES:
        units: list[tuple[str, Any]] = []
        published = set()
        for path in (project.artifacts / stage).glob("*/shard-??????.jsonl"):
            published.add(path.with_suffix(""))
            for name in (path, path.with_suffix(".rejected.jsonl")):
                records = [orjson.loads(line) for line in name.read_bytes().splitlines()]
                units += [(record["id"], record) for record in records]
        for path in (project.artifacts / stage).glob("*/shard-*.journal"):
            if path.with_suffix("") in published:
                continue  # killed between the last rename and the removal of the journal
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1].splitlines()
            entries = [orjson.loads(line[9:]) for line in whole]
            units += [(entry["id"], entry.get("record", entry.get("rejection"))) for entry in entries]
        assert [unit for unit, count in Counter(id for id, _ in units).items() if count > 1] == []
        found |= {(stage, unit): outcome for unit, outcome in units}
    return found


def left_over(project: Small) -> list[Path]:
    """Journals, leases and temporary files."""
    return [
        path
        for path in project.artifacts.rglob("*")
        if ".lease-" in path.name
        or path.name.endswith(".tmp")
        or (path.suffix == ".journal" and path.name != "ledger.journal")
    ]


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by id, as far as they do not depend on how fast something ran."""
    return sorted(rows, key=lambda row: row["id"])


def complete(project: Small, finished: Small) -> None:
    """The same command to its end: the dataset of an uninterrupted run, and nothing beside it."""
    before = outcomes(project)
    code, output = project.run()
    assert code == 0, output
    assert before.items() <= outcomes(project).items()
    assert told(project.rows()) == told(finished.rows())
    assert left_over(project) == []
    assert project.ask("verify")[0] == 0


def how_long(finished: Small, count: int) -> tuple[float, float]:
    """Seconds between which to strike, so that so many strikes are spread over a run and its beginnings."""
    began = time.monotonic()
    assert finished.run()[0] == 0
    start = time.monotonic() - began
    work = sum(finished.manifest()["seconds"].values())
    return 0.2 * start, 1.3 * start + 3 * work / count


def another(project: Small, number: int) -> Small:
    """A project with the same sources in which nothing was run yet."""
    root = project.root.with_name(f"{project.root.name}-{number}")
    root.mkdir()
    return Small(root)


def test_kill_9_of_the_whole_tree_at_random_moments(fresh, finished):
    project, known, kills, runs = fresh, {}, 0, 0
    earliest, latest = how_long(finished, KILLS)
    chance = random.Random(KILLS)
    while kills < KILLS:
        process = project.start()
        time.sleep(chance.uniform(earliest, latest))
        below = descendants(process.pid)
        if process.poll() is not None:  # it was done before the blow
            assert process.communicate()[0] is not None
            assert process.returncode == 0
            complete(project, finished)
            runs += 1
            project, known = another(fresh, runs), {}
            latest *= 0.9
            continue
        kill_tree(process)
        kills += 1
        assert [pid for pid in below if alive(pid)] == []
        now = outcomes(project)
        assert known.items() <= now.items()
        known = now
    complete(project, finished)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_random_moments_ends_it_within_five_seconds(fresh, finished, number, code):
    project, known = fresh, {}
    earliest, latest = how_long(finished, SIGNALS)
    chance = random.Random(SIGNALS)
    for index in range(SIGNALS):
        process = project.start()
        # Before Luigi has imported the pipeline a signal has its ordinary effect.
        wait_until(lambda: (project.artifacts / "lock").exists(), process)  # noqa: B023
        time.sleep(chance.uniform(earliest, latest))
        below = descendants(process.pid)
        sent = time.monotonic()
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        if process.returncode == 0:
            complete(project, finished)
            project, known = another(fresh, index), {}
            continue
        assert time.monotonic() - sent < 5
        assert process.returncode in (code, -number), output
        assert "Traceback" not in output or process.returncode == -number
        assert [pid for pid in below if alive(pid)] == []
        now = outcomes(project)
        assert known.items() <= now.items()
        known = now
    complete(project, finished)


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def strike(process: Any, sign: bytes) -> bool:
    """SIGKILL to one descendant whose command line has the sign."""
    for pid in descendants(process.pid):
        if sign in command_line(pid):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


@pytest.mark.parametrize(("stage", "sign"), [("responses", b"engine.child.worker"), ("executions", b"sandbox.worker")])
def test_a_killed_engine_or_sandbox_worker_costs_time_and_no_record(fresh, finished, stage, sign):
    process = fresh.gated(stage, "append", "stop")
    assert strike(process, sign)
    process.send_signal(signal.SIGCONT)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert {row["id"] for row in fresh.rows()} == {row["id"] for row in finished.rows()}
    assert left_over(fresh) == []


@pytest.mark.parametrize("stage", ["responses", "executions"])
def test_when_the_parent_alone_is_killed_its_children_go_with_it(fresh, finished, stage):
    process = fresh.gated(stage, "append", "stop")
    below = descendants(process.pid)
    assert below
    process.kill()
    process.communicate()
    assert [pid for pid in below if alive(pid)] == []
    complete(fresh, finished)
