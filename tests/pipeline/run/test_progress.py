"""The progress of a task: rates of the units that it finished itself, and the lines that display them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pipeline.run.progress import StageProgress, Tokens


def after(seconds: float, monkeypatch: pytest.MonkeyPatch, shard: int | None = 3, **values: Any) -> StageProgress:
    """The progress of a task that began so many seconds ago."""
    progress = StageProgress("responses", shard, total=20, started=0.0, **values)
    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    return progress


def test_units_are_counted_by_outcome() -> None:
    progress = StageProgress("executions", 0, total=4)
    progress.advance(kept=True, tokens=5, passed=True)
    progress.advance(kept=True, passed=False)
    progress.advance(kept=False)
    assert (progress.done, progress.kept, progress.tokens, progress.passed) == (3, 2, 5, 1)


def test_units_that_are_only_read_are_neither_kept_nor_rejected() -> None:
    progress = StageProgress("seeds", None, total=2)
    progress.advance()
    assert (progress.done, progress.kept, progress.passed) == (1, None, None)
    assert progress.whole().kept == 1
    assert "rejected" not in progress.summary()


def test_rates_and_time_left_are_of_the_units_since_the_resume(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    progress = after(2.0, monkeypatch, done=10, resumed=6, kept=3, tokens=100)
    assert progress.fresh == 4
    assert progress.figures() == "2.0/s, 50 tok/s, 5.0 s left"
    timed = progress.timed()
    assert (timed.seconds, timed.fresh, timed.fresh_tokens) == (2.0, 4, 100)


def test_tokens_of_unfinished_completions_count_in_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = after(10.0, monkeypatch, done=1, kept=1, tokens=100)
    progress.in_flight = lambda: Tokens(read=5000, written=1600)
    assert progress.figures() == "0.1/s, 160 tok/s, 3 min 10 s left"
    assert progress.timed().document()["tokens_per_second"] == 160


def test_before_the_first_completion_the_line_has_what_the_model_did(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = after(10.0, monkeypatch, shard=None)
    progress.in_flight = lambda: Tokens(read=5000, written=1600)
    assert progress.line() == "responses: 0/20 (5,000 tokens of prompts read, 1,600 written)"
    assert progress.timed().document()["tokens_per_second"] == 160
    assert progress.timed().document()["per_second"] is None


def test_the_lines_name_stage_and_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = after(2.0, monkeypatch, done=20, kept=15, passed=5)
    assert progress.line() == "responses 000003: 20/20 (10.0/s, 25% pass)"
    expected = "responses 000003: 20 done, 5 passed, 10 failed, 5 rejected in 2.0 s (10.0/s, 25% pass)"
    assert progress.summary() == expected
    assert after(2.0, monkeypatch, shard=None).title == "responses"


def test_a_task_that_has_just_begun_has_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    assert after(0.0, monkeypatch).figures() == "0.0/s"


def test_the_summary_after_a_resume_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = after(2.0, monkeypatch, done=20, resumed=5, kept=12)
    assert progress.summary().startswith("responses 000003: 15 done after 5 earlier ones, 12 kept, 3 rejected in 2.0 s")
