"""Struck in every stage at its worst moments: the same command goes on, nothing finished is made again."""

from __future__ import annotations

import signal
import time

import pytest

from tests.crash.test_kill_matrix import left_over, outcomes
from tests.support.gate import APPENDED
from tests.support.projects import STAGES, Project, alive, descendants, kill_tree

ALL_STAGES = ("seeds", *STAGES, "selection", "dataset")
MOMENTS = ("append", "publish")


@pytest.fixture
def small(project: Project) -> Project:
    """About nine seeds, several sequences at a time."""
    project.configure(seeds={"stdlib_share": "0.03"})
    return project


def complete(project: Project) -> None:
    """The run to its end; nothing was generated, executed or verified twice, and nothing is left over."""
    before = outcomes(project)
    code, output = project.run()
    assert code == 0, output
    assert before.items() <= outcomes(project).items()
    assert left_over(project) == []
    manifest = project.manifest()
    verdicts = project.records("executions").values()
    expected = {
        **{stage: manifest["funnel"][stage]["in"] for stage in STAGES},
        "verifications": sum(verdict["passed"] for verdict in verdicts),
    }
    for stage in ("concepts", "instructions", "responses", "executions", "verifications"):
        counted = stage if stage in ("executions", "verifications") else "completions"
        assert manifest["spent"][stage][counted] == expected[stage]
    assert project.ask("verify")[0] == 0


def test_kill_9_at_the_worst_moments_of_every_stage_costs_nothing_that_is_finished(small):
    known: dict = {}
    for stage in ALL_STAGES:
        for moment in MOMENTS:
            process = small.gated(stage, moment, "stop")
            if moment == "append" and stage in STAGES:
                assert len(small.journal(stage)) == APPENDED
            below = descendants(process.pid)
            kill_tree(process)
            assert [pid for pid in below if alive(pid)] == []
            now = outcomes(small)
            assert known.items() <= now.items()
            known = now
    complete(small)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_every_stage_ends_it_in_five_seconds_and_says_how_to_go_on(small, number, code):
    for stage in ALL_STAGES:
        process = small.gated(stage, "append", "sleep")
        below = descendants(process.pid)
        sent = time.monotonic()
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert time.monotonic() - sent < 5
        assert process.returncode == code, output
        assert "goes on from there" in output
        assert "Traceback" not in output
        assert [pid for pid in below if alive(pid)] == []
    complete(small)
