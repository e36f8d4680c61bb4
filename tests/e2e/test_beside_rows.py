"""Rows that are rated, and whose calls are traced: what the dataset, the exports and the tuning make of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline import config
from pipeline.errors import ConfigError, MissingDataError
from pipeline.loop.finetuning import chosen_rows
from pipeline.project.project import Project as Settings
from pipeline.prompts import tuned
from tests.support.pinned import settings as pinned
from tests.support.projects import Project


@pytest.fixture(scope="module")
def traced(demo_run: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo's run, continued with ratings and monologues: nothing is generated again."""
    root = tmp_path_factory.mktemp("traced") / "demo"
    shutil.copytree(demo_run.root, root, symlinks=True)
    project = Project(root)
    chosen: dict[str, dict[str, Any]] = {"selection": {"choose": "curated", "then": "rare"}}
    project.configure(**chosen, ratings={"enabled": True}, monologues={"enabled": True})
    code, output = project.run()
    assert code == 0, output
    assert "responses 000000" not in output
    return project


def test_what_passed_is_rated_and_what_did_not_is_not(traced: Project) -> None:
    verdicts = traced.records("executions")
    ratings = traced.records("ratings")
    assert {record["rating"] for id, record in ratings.items() if not verdicts[id]["passed"]} == {None}
    rated = [record for id, record in ratings.items() if verdicts[id]["passed"]]
    assert all(record["rating"] in range(4) and 0 <= record["expected"] <= 3 for record in rated)


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_the_stage_keeps_every_response_and_its_monologues_stand_beside_the_rows(traced: Project) -> None:
    funnel = traced.manifest()["funnel"]
    stages = list(funnel)
    assert stages[stages.index("decontamination") :] == [
        "decontamination", "ratings", "monologues", "selection", "dataset",
    ]  # fmt: skip
    assert funnel["monologues"]["rejected"] == funnel["ratings"]["rejected"] == 0
    found = lines(traced.artifacts / "latest" / "monologues.jsonl")
    rows = {row["id"]: row for row in traced.rows()}
    assert len(found) > len(rows) / 2
    assert {monologue["row"] for monologue in found} <= rows.keys()
    for monologue in found:
        assert monologue["licence"] == rows[monologue["row"]]["seed"]["licence"]
    card = (traced.artifacts / "latest" / "README.md").read_text()
    assert f"`monologues.jsonl` holds {len(found)} answers" in card


def test_explain_shows_the_monologues_of_a_row(traced: Project) -> None:
    monologue = lines(traced.artifacts / "latest" / "monologues.jsonl")[0]
    code, told = traced.ask("explain", monologue["row"])
    assert code == 0
    assert "== monologues" in told
    assert "Line by line," in told
    assert "\\n" not in told.partition("== monologues")[2].partition("== selection")[0]


def test_exported_calls_are_a_benchmark_that_its_own_answers_solve(traced: Project, tmp_path: Path) -> None:
    code, output = traced.ask("export", "monologues", "execution", "--test", "0.4", "--to", str(tmp_path))
    assert code == 0, output
    side: dict[str, set[str]] = {}
    for part in ("train", "test"):
        side[part] = {row["id"].rpartition("-")[0] for row in lines(tmp_path / "monologues" / f"{part}.jsonl")}
        for task in lines(tmp_path / "execution" / f"{part}.jsonl"):
            assert task["id"].rpartition("-")[0] in side[part]
            names: dict[str, Any] = {}
            exec(task["code"], names)
            assert eval(f"f({task['input']}) == {task['output']}", names)
    assert side["train"].isdisjoint(side["test"])
    pack = tmp_path / "execution" / "test.jsonl"
    answers = tmp_path / "answers.jsonl"
    tasks = lines(pack)
    solved = [{"task_id": one["id"], "solution": f"{one['code']}\n\nanswer = {one['output']}\n"} for one in tasks]
    answers.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in solved))
    code, told = traced.ask("evaluate", "--samples", str(answers), "--pack", f"{pack}#output", "--json")
    assert code == 0, told
    assert orjson.loads(told)["figures"]["pass@1"]["mean"] == 1.0


def settings(traced: Project, **finetuning: Any) -> Settings:
    chosen = pinned(
        seeds__stdlib_share=0.08, monologues__enabled=True, ratings__enabled=True, selection__choose="curated",
        selection__then="rare",
    )  # fmt: skip
    overrides = {("finetuning", key): value for key, value in finetuning.items()}
    return Settings(config.override(chosen, overrides), traced.root)


def test_tuning_takes_the_share_of_monologues_and_none_on_a_held_out_row(traced: Project) -> None:
    plain = chosen_rows(settings(traced))
    rows = {tuned.prompt(row["instruction"]): row for row in traced.rows()}
    assert {row["prompt"] for row in plain} == rows.keys()
    mixed = chosen_rows(settings(traced, rows=10, monologues=0.3))
    assert [row["prompt"] in rows for row in mixed].count(False) == 3
    whole = chosen_rows(settings(traced, monologues=0.25))
    assert len([row for row in whole if row["prompt"] in rows]) == len(rows)
    assert abs(len(whole) * 0.25 - (len(whole) - len(rows))) < 1
    _, output = traced.ask("export", "chat", "monologues", "--test", "0.4", "--to", str(traced.root / "split"))
    held_out = {
        tuned.prompt(row["messages"][0]["content"])
        for form in ("chat", "monologues")
        for row in lines(traced.root / "split" / form / "test.jsonl")
    }
    kept = {row["prompt"] for row in chosen_rows(settings(traced, held_out=0.4, monologues=0.25))}
    assert held_out and kept and held_out.isdisjoint(kept), output


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"rows": 100, "monologues": 0.99}, "monologues = 0.99 of 100 rows are 99, there are"),
        ({"monologues": 0.1, "data": "rows.jsonl"}, "rows of a file have no seeds and no monologues"),
    ],
)
def test_what_cannot_be_mixed_is_said(traced: Project, keys: dict[str, Any], error: str) -> None:
    with pytest.raises((ConfigError, MissingDataError), match=error):
        chosen_rows(settings(traced, **keys))
