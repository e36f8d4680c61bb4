"""The plan of fine-tuning that the settings give."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pipeline import demo
from pipeline.loop.finetuning import plan
from pipeline.project.project import Project
from tests.support.pinned import settings

# arXiv 2410.24198, "Training"
PAPER = {
    "learning_rate": 1e-5,
    "optimizer": "adafactor",
    "clipping": 0.0,
    "dropout": 0.0,
    "epochs": 4,
    "batch": 64,
    "warmup": 0.05,
    "max_length": 1280,
    "lora_rank": 0,
}


def plan_for(path: str, root: Path) -> dict[str, Any]:
    return plan(Project(settings(model__path=path), root))


def test_a_model_is_tuned_by_the_papers_recipe_and_the_demo_model_at_another_rate(
    tmp_path: Path,
) -> None:
    model = shutil.copy(demo.MODEL, tmp_path / "model.gguf")
    assert plan_for(str(model), tmp_path) == {**PAPER, "seed": 1}
    assert plan_for("", tmp_path) == {**PAPER, "learning_rate": 1e-3, "seed": 1}


def test_responses_of_another_model_are_tuned_on_at_the_papers_rate_for_them(tmp_path: Path) -> None:
    model = shutil.copy(demo.MODEL, tmp_path / "model.gguf")
    changes = {"model__path": str(model), "finetuning__data": "rows.jsonl"}
    assert plan(Project(settings(**changes), tmp_path))["learning_rate"] == 2e-5
    assert plan(Project(settings(**changes, finetuning__learning_rate=1e-4), tmp_path))["learning_rate"] == 1e-4
