"""`FineTunedModel` and `Comparison` by the user's own command, with kill -9 on the way.

Needs the extra `train`. The model is tuned on a dozen rows: what is shown is that the loop closes and goes on,
not that it helps (docs/self-alignment.md).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline import demo
from pipeline.demo.pack import PACK
from pipeline.engine import inspect_model
from pipeline.prompts.parse import parse_response
from tests.support.projects import Project

pytest.importorskip("trl", reason="needs the extra: pip install -e '.[train]'")

DIES = Path(__file__).parent / "dies"
TASKS, ROWS = 8, 8
TUNING = {"rows": ROWS, "batch": 4, "micro_batch": 4, "epochs": 2, "checkpoint_every": 1}


@pytest.fixture(scope="module")
def loop(shared_project: Project) -> Project:
    """A project with about twenty seeds and a pack of a few tasks."""
    lines = gzip.decompress(PACK.read_bytes()).splitlines(keepends=True)
    (shared_project.root / "small.jsonl").write_bytes(b"".join(lines[:TASKS]))
    shared_project.configure(
        seeds={"stdlib_share": "0.06"},
        finetuning=TUNING,
        evaluation={"pack": "small.jsonl"},
        comparison={"arms": "passing, random", "seeds": 1, "rows": ROWS, "publish": "published"},
    )
    return shared_project


def tuned(project: Project) -> list[Path]:
    return sorted(project.artifacts.glob("finetuning/*/model.gguf"))


def checkpoints(project: Project) -> list[Path]:
    return list(project.artifacts.glob("finetuning/*/work/checkpoint-*/trainer_state.json"))


def finished(project: Project) -> dict[str, tuple[int, int]]:
    """Published models and reports with inode and time."""
    names = ("model.gguf", "report.json", "shard-000000.jsonl")
    return {name: file for name, file in project.files().items() if name.endswith(names)}


def dying(project: Project, moment: str, task: str) -> tuple[int, str]:
    """Run a task whose process is killed, with its child, as that is about to make what `moment` names."""
    path = os.pathsep.join([str(DIES), os.environ.get("PYTHONPATH", "")])
    return project.run(task=task, PYTHONPATH=path, DIES_AT=moment)


def test_training_killed_at_a_checkpoint_goes_on_from_there(loop: Project) -> None:
    ended, output = dying(loop, "*/checkpoint-3", task="FineTunedModel")
    assert ended == -signal.SIGKILL, output
    assert not tuned(loop)
    newest = max(int(path.parent.name.split("-")[1]) for path in checkpoints(loop))
    assert newest == 2
    code, output = loop.run(task="FineTunedModel")
    assert code == 0, output
    [gguf] = tuned(loop)
    assert not checkpoints(loop)
    steps = [line["step"] for line in orjson.loads((gguf.parent / "model/training.json").read_bytes())]
    assert max(steps) == ROWS // 4 * 2 > newest
    log = (gguf.parent / "train.log").read_text()
    assert f"goes on from step {newest}" in log
    facts = inspect_model(str(gguf))
    assert (facts.architecture, facts.n_params) == (
        "llama",
        inspect_model(str(demo.MODEL)).n_params,
    )
    assert gguf.read_bytes() != demo.MODEL.read_bytes()
    assert list((gguf.parent / "model").glob("*.safetensors"))


def test_the_prompt_is_left_out_of_the_loss_and_the_rows_are_the_selections(loop: Project) -> None:
    [gguf] = tuned(loop)
    rows = [orjson.loads(line) for line in (gguf.parent / "rows.jsonl").read_bytes().splitlines()]
    assert len(rows) == ROWS
    assert all(row["prompt"].endswith("\n\n### Response\n") for row in rows)
    assert all("### Response" not in row["completion"] for row in rows)


def test_adapters_are_trained_and_merged(loop: Project) -> None:
    options = ("--finetuning-lora-rank", "4", "--finetuning-epochs", "1")
    code, output = loop.run(*options, task="FineTunedModel")
    assert code == 0, output
    [full, adapted] = sorted(tuned(loop), key=lambda path: path.stat().st_mtime)
    assert full.stat().st_size == adapted.stat().st_size
    assert full.read_bytes() != adapted.read_bytes()


@pytest.mark.parametrize("moment", ["*/selection/*/shard-000000.jsonl", "*/evaluation/*/report.json", "*/checkpoint-3"])
def test_a_comparison_killed_in_any_stage_has_lost_nothing_that_was_finished(loop: Project, moment: str) -> None:
    before = finished(loop)
    ended, output = dying(loop, moment, task="Comparison")
    # A training takes its own parent with it, and the comparison says so.
    assert ended == -signal.SIGKILL or "ended with code -9" in output, output
    after = finished(loop)
    assert {name: after[name] for name in before} == before


def test_a_comparison_that_was_killed_repeats_nothing_and_writes_its_report(loop: Project) -> None:
    before = finished(loop)
    code, output = loop.run(task="Comparison")
    assert code == 0, output
    after = finished(loop)
    assert {name: after[name] for name in before} == before
    [folder] = loop.artifacts.glob("comparison/*")
    found: dict[str, Any] = orjson.loads((folder / "comparison.json").read_bytes())
    assert found == orjson.loads((loop.root / "published/comparison.json").read_bytes())
    assert found["rows"] == ROWS
    for arm in ("base", "passing", "random"):
        assert 0 <= found[arm]["low"] <= found[arm]["mean"] <= found[arm]["high"] <= 1
        assert found[arm]["seeds"] == [found[arm]["mean"]]
    assert "| passing |" in (folder / "comparison.md").read_text()
    assert (folder / "comparison.svg").read_text().startswith("<svg")
    code, output = loop.run(task="Comparison")
    assert code == 0 and finished(loop) == after


def test_a_tuned_model_makes_the_next_dataset_and_is_tuned_on_from_there(loop: Project) -> None:
    # So small a rate leaves the model what it was, and able to make rows.
    options = ("--comparison-rounds", "2", "--comparison-stop", "false")
    tuning = ("--finetuning-learning-rate", "1e-6", "--finetuning-epochs", "1")
    before = set(tuned(loop))
    code, output = loop.run(*options, *tuning, task="SelfAlignment")
    assert code == 0, output
    first, second = sorted(set(tuned(loop)) - before, key=lambda path: path.stat().st_mtime)
    made_from = orjson.loads((second.parent / "recipe.json").read_bytes())["ingredients"]
    assert made_from["model"]["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert made_from["weights"] == str(first.parent / "model")
    assert made_from["plan"]["learning_rate"] == 1e-6
    for made in (first, second):
        rows = map(orjson.loads, (made.parent / "rows.jsonl").read_bytes().splitlines())
        assert all(parse_response(row["completion"]).tests for row in rows)
    [folder] = loop.artifacts.glob("self_alignment/*")
    found = orjson.loads((folder / "rounds.json").read_bytes())
    assert [each["round"] for each in found["rounds"]] == [0, 1, 2]
    assert all(each["rows"] >= ROWS for each in found["rounds"][1:])
    assert "| 2 |" in (folder / "rounds.md").read_text()
    files = finished(loop)
    assert loop.run(*options, *tuning, task="SelfAlignment")[0] == 0
    assert finished(loop) == files


def test_rounds_end_with_a_model_that_makes_too_few_rows_and_say_so(loop: Project) -> None:
    before = set(loop.artifacts.glob("self_alignment/*"))
    options = ("--comparison-rounds", "3", "--comparison-stop", "false")
    # So high a rate leaves a model that can write nothing.
    code, output = loop.run(*options, "--finetuning-learning-rate", "0.05", task="SelfAlignment")
    assert code == 0, output
    [folder] = set(loop.artifacts.glob("self_alignment/*")) - before
    [_, first, second] = orjson.loads((folder / "rounds.json").read_bytes())["rounds"]
    assert first["rows"] >= ROWS > second["rows"]
    assert "mean" in first and "mean" not in second
    assert "| 2 | too few rows to tune on |" in (folder / "rounds.md").read_text()


@pytest.mark.parametrize(
    ("option", "value", "task", "codes", "says"),
    [
        # The selection is only counted when it is there: as a run begins, or after it was made.
        ("--finetuning-rows", "100000", "FineTunedModel", (20, 30), "the selection has"),
        ("--finetuning-micro-batch", "3", "FineTunedModel", (15,), "no multiple of micro_batch"),
        ("--comparison-arms", "passing, magic", "Comparison", (15,), "no arm magic"),
    ],
)
def test_a_wrong_setting_ends_with_its_code(
    loop: Project, option: str, value: str, task: str, codes: tuple[int, ...], says: str
) -> None:
    ended, output = loop.run(option, value, task=task)
    assert ended in codes, output
    assert says in output and "Traceback" not in output
