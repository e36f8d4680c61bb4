"""Raising a limit: the records it had cut off run again, the good ones stay, and the manifest says so."""

from __future__ import annotations

import json

import pytest

from tests.crash.conftest import Small


@pytest.fixture
def limited(fresh: Small) -> Small:
    """A finished project in which many responses were cut off by the token limit."""
    fresh.configure(responses={"max_tokens": 130})
    code, output = fresh.run()
    assert code == 0, output
    assert fresh.manifest()["funnel"]["responses"]["rules"]["length"] > 1
    return fresh


def test_only_what_was_cut_off_runs_again_and_comes_out_as_a_full_run_would_make_it(limited, finished):
    before = limited.records("responses")
    cut = limited.manifest()["funnel"]["responses"]["rules"]["length"]
    limited.configure()
    code, output = limited.ask("why")
    assert "max_tokens: 130 -> " in output
    assert "retry --only" in output
    code, output = limited.ask("retry", "--only", "length")
    assert code == 0, output
    assert f"again: {cut} length" in output
    assert "nothing was changed" in output
    code, output = limited.ask("retry", "--only", "length", "--yes", "--json")
    assert code == 0, output
    told = json.loads(output)
    code, output = limited.run()
    assert code == 0, output
    manifest = limited.manifest()
    assert manifest["spent"]["responses"]["completions"] == cut
    (donor,) = manifest["carried"]["responses"]
    assert manifest["carried"]["responses"][donor] == told["responses"]["carried"]
    after = limited.records("responses")
    assert before.items() <= after.items()
    assert after == finished.records("responses")
    assert limited.ask("verify")[0] == 0


def test_without_a_raised_limit_there_is_nothing_to_carry_over(finished):
    code, output = finished.ask("retry", "--only", "length")
    assert code == 15, output
    assert "attempt" in output


def test_a_new_attempt_runs_the_named_verdicts_again_and_no_completion(project):
    rows = {row["id"] for row in project.rows()}
    project.configure(executions={"attempt": 2})
    statuses = [record["status"] for record in project.records("executions").values()]
    failed = statuses.count("failed")
    code, output = project.ask("retry", "--only", "failed", "--yes")
    assert code == 0, output
    code, output = project.run()
    assert code == 0, output
    assert project.manifest()["spent"]["executions"].get("executions", 0) == failed
    assert {row["id"] for row in project.rows()} == rows


def test_a_lowered_limit_carries_nothing(project):
    project.configure(executions={"timeout": 5})
    code, output = project.ask("retry", "--only", "timeout")
    assert code == 15, output
