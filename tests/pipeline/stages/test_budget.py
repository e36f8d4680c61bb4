"""A budget is spent by hours or tokens, but not before the run has finished a shard."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.stages.budget import Budget
from targets import ShardPaths, ShardWriter


def finish(folder: Path, number: int, tokens: int) -> None:
    with ShardWriter(ShardPaths(folder, number)) as writer:
        writer.keep("a", {"id": "a"}, {"new_tokens": tokens})
        writer.publish()


def begin(folder: Path, hours: float = 0, tokens: int = 0) -> Budget | None:
    settings = SimpleNamespace(project=SimpleNamespace(hours=hours, tokens=tokens))
    project = SimpleNamespace(settings=settings, scan=SimpleNamespace(shards_in_force=[0, 1, 2]))
    return Budget.of(project, [SimpleNamespace(paths=ShardPaths(folder, 0))])


@pytest.fixture
def folder(tmp_path) -> Path:
    finish(tmp_path, 0, 900)
    return tmp_path


def test_without_a_limit_there_is_no_budget(folder):
    assert begin(folder) is None


def test_tokens_of_earlier_runs_do_not_count(folder):
    budget = begin(folder, tokens=1000)
    assert budget.spent() == ""
    finish(folder, 1, 600)
    assert budget.spent() == ""
    finish(folder, 2, 500)
    assert budget.spent() == "[project] tokens: 1,100 of 1,000 are spent"


def test_hours_are_spent_behind_the_first_shard_that_the_run_finishes(folder):
    budget = replace(begin(folder, hours=2), began=time.monotonic() - 7300)
    assert budget.spent() == ""
    finish(folder, 1, 0)
    assert budget.spent() == "[project] hours: 2 h 01 min of 2 h 00 min are spent"
