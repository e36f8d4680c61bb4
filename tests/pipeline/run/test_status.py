"""The status document: counted from the files of finished shards and of shards at work."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.run.status import Counts, Funnel, read, seconds_left, write
from pipeline.run.status_view import headline, stages_table, view
from targets import ShardPaths, ShardWriter

STAGES = ("concepts", "instructions", "responses", "executions")


@pytest.fixture
def folders(tmp_path):
    return {stage: tmp_path / stage for stage in STAGES}


def open_shard(folders, stage, number=0):
    return ShardWriter(ShardPaths(folders[stage], number))


def keep(writer, name, **record):
    writer.keep(name, {"id": name, **record}, {"new_tokens": 10})


def test_a_finished_shard_counts_as_its_meta_file_says(folders):
    with open_shard(folders, "concepts") as writer:
        keep(writer, "a")
        writer.reject("b", "length", "too long", {"new_tokens": 90})
        writer.publish({"seconds": 4.0, "resumed": 0})
    counts = Funnel(folders, {"responses": 4}, [0], 2).refresh({})["concepts"]
    assert (counts.expected, counts.done, counts.kept, counts.tokens) == (2, 2, 1, 100)
    assert counts.document()["rules"] == {"length": 1}
    assert counts.document()["per_second"] == 0.5


def test_the_journal_of_a_shard_at_work_is_counted_each_line_once(folders):
    funnel = Funnel(folders, {"responses": 4}, [0], 3)
    with open_shard(folders, "concepts") as writer:
        keep(writer, "a")
        assert funnel.refresh({})["concepts"].done == 1
        keep(writer, "b")
        writer.reject("c", "window", "2000 tokens")
        assert funnel.refresh({})["concepts"].done == 3
        assert funnel.refresh({})["concepts"].done == 3
        assert [item["rule"] for item in funnel.recent] == ["window"]
        writer.publish({"seconds": 1.0, "resumed": 0})
    assert funnel.refresh({})["concepts"].done == 3


def test_a_torn_last_line_is_counted_once_it_is_whole(folders):
    funnel = Funnel(folders, {"responses": 4}, [0], 3)
    with open_shard(folders, "concepts") as writer:
        keep(writer, "a")
        content = writer.paths.journal.read_bytes()
        writer.paths.journal.write_bytes(content[:-5])
        assert funnel.refresh({})["concepts"].done == 0
        writer.paths.journal.write_bytes(content)
        assert funnel.refresh({})["concepts"].done == 1


def test_a_later_stage_is_expected_to_get_what_earlier_ones_keep(folders):
    with open_shard(folders, "concepts") as writer:
        keep(writer, "a")
        writer.reject("b", "length", "")
    counts = Funnel(folders, {"responses": 4}, [0, 1], 100).refresh({})
    assert counts["concepts"].expected == 100
    assert counts["instructions"].expected == 50
    assert counts["responses"].expected == 200


def test_the_time_left_is_unknown_until_every_stage_has_run():
    measured = Counts(expected=100, done=50, fresh=50, seconds=5.0)
    assert seconds_left({"concepts": measured}) == 5.0
    assert seconds_left({"concepts": measured, "responses": Counts(expected=10)}) is None


def test_executions_have_a_pass_rate_before_and_after_publication(folders):
    funnel = Funnel(folders, {"responses": 2}, [0], 1)
    with open_shard(folders, "executions") as writer:
        keep(writer, "a-000", passed=True)
        keep(writer, "a-001", passed=False)
        assert funnel.refresh({})["executions"].passed == 1
        writer.publish({"seconds": 1.0, "resumed": 0})
    assert funnel.refresh({})["executions"].passed == 1


def test_a_status_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "status.json").mkdir()
    write(tmp_path / "status.json", {"state": "running"})
    assert read(tmp_path / "other.json") is None


def test_a_status_cannot_steer_the_terminal():
    document = {
        "state": "failed", "stage": None, "shard": None, "elapsed_seconds": 1, "started": "now",
        "eta_seconds": None, "rows": None, "stages": {},
        "recent_rejections": [{"stage": "concepts", "id": "a", "rule": "length", "evidence": "\x1b[2J[bold]x"}],
        "last_error": {"problem": "\x1b]0;title\x07", "remedy": ""},
    }  # fmt: skip
    out = io.StringIO()
    Console(file=out).print(view(document, details=True))
    assert "\x1b" not in out.getvalue()
    assert "[bold]x" in out.getvalue()


def test_a_finished_run_states_what_a_row_cost_in_tokens():
    document = {"state": "finished", "stage": None, "elapsed_seconds": 1, "started": "now", "eta_seconds": None}
    stages = {stage: Counts(tokens=150).document() for stage in ("instructions", "responses")}
    assert headline({**document, "rows": 2, "stages": stages}).plain.endswith("2 rows, 150 new tokens each")
    assert headline({**document, "rows": 0, "stages": stages}).plain.endswith("0 rows")


@pytest.mark.parametrize("width", [80, 120])
def test_stages_and_numbers_are_whole_at_a_terminals_width(width):
    counts = {
        **Counts(14400, 3000, 2900, passed=1200, seconds=250_000, fresh=3000).document(),
        "tokens_per_second": 300,
    }
    out = io.StringIO()
    Console(file=out, width=width).print(stages_table({"decontamination": counts}))
    assert "…" not in out.getvalue()
    assert "decontamination" in out.getvalue()
    assert "0.012" in out.getvalue()
