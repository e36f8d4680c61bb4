"""One stage asks another model, on a completions server, while the others ask the base model."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from pipeline import demo
from tests.support.completions_server import free_port, serving
from tests.support.projects import Project

WINDOW = 1024


def configure(project: Project, port: int) -> None:
    project.configure(
        seeds={"stdlib_share": "0.04"},
        engine={"n_ctx": WINDOW},
        responses={"base_url": f"http://127.0.0.1:{port}/v1", "samples": "3"},
    )


@pytest.fixture(scope="module")
def distilled(shared_project: Project) -> Project:
    """A finished dataset whose responses a server's model wrote."""
    port = free_port()
    configure(shared_project, port)
    with serving(demo.MODEL, port, "--model_alias", "teacher"):
        code, output = shared_project.run()
    assert code == 0, output
    return shared_project


def model_of(project: Project, stage: str) -> dict[str, str]:
    [recipe] = (project.artifacts / stage).glob("*/recipe.json")
    return orjson.loads(recipe.read_bytes())["ingredients"]["model"]


def test_each_recipe_names_the_model_that_its_stage_asked(distilled: Project) -> None:
    base = model_of(distilled, "concepts")
    assert base == model_of(distilled, "instructions") and base["sha256"]
    assert model_of(distilled, "responses") == {"name": "teacher", "served": "teacher (me)"}


def test_rows_and_card_say_who_answered(distilled: Project) -> None:
    assert {row["model"]["name"] for row in distilled.rows()} == {"teacher"}
    manifest = distilled.manifest()
    assert manifest["model"]["sha256"]
    assert list(manifest["other_models"]) == ["responses"]
    card = Path(distilled.artifacts / "latest" / "README.md").read_text()
    assert "another model was asked for responses: `teacher`" in card


def test_with_the_server_elsewhere_nothing_is_made_again(distilled: Project) -> None:
    before, port = distilled.files(), free_port()
    configure(distilled, port)
    with serving(demo.MODEL, port, "--model_alias", "teacher"):
        code, output = distilled.run()
    assert code == 0, output
    assert distilled.files() == before


def test_a_server_that_does_not_answer_is_said_before_any_work(project: Project) -> None:
    configure(project, free_port())
    code, output = project.run()
    assert code == 20, output
    assert "no answer from a completions server" in output and "Traceback" not in output
    assert not (project.artifacts / "seeds").exists()
