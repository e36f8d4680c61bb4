"""kill -9 of the whole tree in each stage: the same command goes on, nothing finished is made again."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.projects import STAGES, Project, descendants, kill_tree, wait_until


def finish(project: Project) -> str:
    code, output = project.run()
    assert code == 0, output
    return output


# A decontamination lasts milliseconds, a blow hits it by chance: tests/crash/test_damage.py goes on in its middle.
LASTING = [stage for stage in STAGES if stage != "decontamination"]


@pytest.mark.parametrize("stage", LASTING)
def test_after_kill_9_finished_records_stay_as_they_were(project, stage):
    process = project.start()
    wait_until(lambda: len(project.journal(stage)) >= 5, process)
    below = descendants(process.pid)
    kill_tree(process)
    finished = project.journal(stage)
    assert finished
    assert not [pid for pid in below if alive(pid)]
    output = finish(project)
    assert f"{stage} 000000: goes on at {len(finished)} of" in output
    records = project.records(stage)
    assert all(records[line["id"]] == line["record"] for line in finished if "record" in line)
    assert not list(project.artifacts.rglob("*.journal.*"))
    assert not list(project.artifacts.rglob(".*.tmp"))
    spent = project.manifest()["spent"]
    funnel = project.manifest()["funnel"]
    counted = stage if stage in ("executions", "verifications") else "completions"
    passed = sum(verdict["passed"] for verdict in project.records("executions").values())
    worked = passed if stage == "verifications" else funnel[stage]["in"]
    assert spent[stage][counted] == worked


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_within_seconds_and_says_how_to_go_on(project, number, code):
    process = project.start()
    wait_until(lambda: len(project.journal("responses")) >= 5, process)
    below = descendants(process.pid)
    began = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert time.monotonic() - began < 5
    assert "goes on from there" in output
    assert "Traceback" not in output
    assert not [pid for pid in below if alive(pid)]
    finish(project)


def alive(pid: int) -> bool:
    """Whether a process is still there a moment later (its parent may have to reap it first)."""
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return False
        except OSError:
            return False
        time.sleep(0.02)
    return True
