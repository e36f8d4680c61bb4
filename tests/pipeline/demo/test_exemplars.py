"""The demo's exemplar set: valid, right, short, and outside the held-out combinations."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.demo.world import held_out
from pipeline.demo.world.reading import read_instruction
from pipeline.prompts import render
from pipeline.prompts.exemplars import STAGES, Exemplar, load_set
from sandbox import run

FOLDER = Path(__file__).parents[3] / "pipeline" / "demo" / "exemplars"
SET = load_set(FOLDER)


@pytest.mark.parametrize("exemplar", SET.exemplars, ids=lambda e: e.name)
def test_the_tests_of_an_exemplar_pass_in_the_sandbox(exemplar: Exemplar) -> None:
    result = run(f"{exemplar.code}\n{exemplar.tests}")
    assert result.passed, result


@pytest.mark.parametrize("exemplar", SET.exemplars, ids=lambda e: e.name)
def test_an_exemplar_is_a_task_that_is_not_held_out(exemplar: Exemplar) -> None:
    reading = read_instruction(exemplar.instruction)
    assert reading is not None
    assert not held_out(reading.chain)
    assert f"def {reading.name}(" in exemplar.code


@pytest.mark.parametrize(
    "instruction",
    [*(item.draft for item in SET.of("evolved")), *(item.instruction for item in SET.committed)],
)
def test_drafts_and_tasks_from_commits_are_of_the_same_world(instruction: str) -> None:
    reading = read_instruction(instruction)
    assert reading is not None
    assert not held_out(reading.chain)


def test_there_are_at_least_eight_exemplars() -> None:
    assert len(SET.exemplars) >= 8


@pytest.mark.parametrize("stage", STAGES)
def test_contexts_are_short(stage: str) -> None:
    for key in "abcdefgh":
        assert len(render.context(SET, stage, SET.shots[stage], key)) < 1900


def test_properties_of_exemplars_are_those_of_the_set() -> None:
    for exemplar in SET.exemplars:
        assert exemplar.category in SET.categories
        assert exemplar.difficulty in SET.difficulties
