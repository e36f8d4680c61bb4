"""Arms of a comparison and what is made of their scores."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from pipeline import config
from pipeline.config import sections
from pipeline.errors import ConfigError
from pipeline.loop import arms
from pipeline.loop.comparison_report import diversity, figures, plot, table
from pipeline.text.markdown import fence
from targets import ShardPaths, ShardWriter


def about() -> dict[str, Any]:
    return {
        "selected": 9,
        "distinct_instructions": 9,
        "concept_entropy": 2.0,
        "code_entropy": 3.0,
        "near_duplicate_rate": 0.0,
    }


def compared() -> dict[str, Any]:
    runs = {
        "base": [[1.0, 0.0, 1.0, 0.0]] * 3,
        "passing": [[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]],
    }
    return figures(runs, {"passing": about()}, {"pack": "p", "tasks": 4, "rows": 9})


def test_each_side_has_its_mean_interval_and_seeds() -> None:
    found = compared()
    assert found["base"]["seeds"] == [0.5, 0.5, 0.5]
    assert found["passing"]["mean"] == pytest.approx(10 / 12, abs=1e-4)
    assert found["passing"]["low"] < found["passing"]["mean"] <= found["passing"]["high"]


def test_gain_and_what_is_kept_are_told_against_the_base_task_by_task() -> None:
    passing = compared()["passing"]
    assert passing["gain"]["mean"] == pytest.approx(10 / 12 - 0.5, abs=1e-4)
    # Tasks 0 and 2 are what the base solves: five of six times they are solved still.
    assert passing["kept_of_most"] == passing["kept"]["mean"] == pytest.approx(5 / 6, abs=1e-4)
    assert passing["lost"]["mean"] == pytest.approx(1 / 6, abs=1e-4)


def test_a_base_that_solves_by_luck_keeps_no_more_of_it_than_an_arm_of_the_same_luck() -> None:
    def draws(name: str) -> list[list[float]]:
        rng = random.Random(name)
        return [[float(rng.random() < 0.7) for _ in range(2000)] for _ in range(3)]

    runs = {"base": draws("base"), "passing": draws("passing")}
    found = figures(runs, {}, {"pack": "p", "tasks": 2000, "rows": 9})
    assert found["base"]["kept"]["mean"] == pytest.approx(0.7, abs=0.03)
    assert found["passing"]["kept"]["mean"] == pytest.approx(0.7, abs=0.03)
    assert found["passing"]["lost"]["low"] < 0 < found["passing"]["lost"]["high"]


def test_one_seed_tells_nothing_of_what_the_base_solves_by_luck() -> None:
    runs = {"base": [[1.0, 0.0]], "passing": [[0.0, 1.0]]}
    found = figures(runs, {"passing": about()}, {"pack": "p", "tasks": 2, "rows": 9})
    assert found["base"]["kept"] is found["passing"]["lost"] is None
    assert found["passing"]["kept_of_most"] == 0.0
    assert "| passing |" in table(found)


def test_table_and_plot_name_every_side() -> None:
    found = compared()
    for name in ("base", "passing"):
        assert f"| {name} |" in table(found)
        assert name in plot(found)


@pytest.mark.parametrize("name", arms.ARMS)
def test_an_arms_settings_reach_the_child_through_the_command_line(name: str) -> None:
    settings = arms.apply(config.load(), arms.ARMS[name])
    options = arms.options(settings)
    given = dict(zip(options[::2], options[1::2], strict=True))
    for (section, key), value in arms.ARMS[name].items():
        written = given[f"--{section}-{key.replace('_', '-')}"]
        parameter = dict(getattr(sections, section).get_params())[key]
        assert parameter.parse(written) == value == getattr(getattr(settings, section), key)
    assert given["--engine-n-threads"] == str(settings.engine.n_threads)


def test_an_arm_changes_nothing_else() -> None:
    before = config.load()
    after = arms.apply(before, {("selection", "among"): "all"})
    assert after.selection.among == "all" and before.selection.among == "passing"
    assert after.engine is before.engine


def test_an_unknown_arm_is_named() -> None:
    settings = arms.apply(config.load(), {("comparison", "arms"): "passing, magic"})
    with pytest.raises(ConfigError, match="magic"):
        arms.chosen(settings)


def test_only_the_distilled_arm_has_another_model_answer() -> None:
    named = {("comparison", "arms"): ", ".join(arms.ARMS)}
    with pytest.raises(ConfigError, match="distilled needs a model"):
        arms.chosen(arms.apply(config.load(), named))
    settings = arms.apply(config.load(), {**named, ("responses", "base_url"): "http://a/v1"})
    for name, overrides in arms.chosen(settings).items():
        answering = arms.apply(settings, overrides).responses.base_url
        assert answering == ("http://a/v1" if name == "distilled" else "")
    assert arms.apply(settings, arms.of_seed(1, tuned=False, rows=0)).responses.base_url == ""


def selection_of(folder: Path, responses: list[str]) -> ShardPaths:
    paths = ShardPaths(folder, 0)
    with ShardWriter(paths) as writer:
        for number, code in enumerate(responses):
            row = {
                "instruction": f"Task {number}",
                "concepts": ["one"],
                "response": fence(code),
            }
            writer.keep(f"{number}", {"id": f"{number}", **row})
        writer.publish({})
    return paths


def test_code_entropy_is_of_what_the_answers_show_and_of_equally_many_rows(tmp_path: Path) -> None:
    loop = "for x in y:\n    print(x)\n"
    alike = diversity(selection_of(tmp_path / "alike", [loop] * 6), 6, 4)
    varied = [loop, "a = sorted(b)\n", "a = [x for x in b]\n", "a = b.split()\n", "x = (\n"]
    other = diversity(selection_of(tmp_path / "other", varied), 5, 5)
    assert alike["code_entropy"] == 0.0 < other["code_entropy"]
    assert alike["concept_entropy"] == other["concept_entropy"] == 0.0
    fewer = diversity(selection_of(tmp_path / "fewer", varied), 5, 1)
    assert fewer["code_entropy"] == 0.0
    assert fewer["distinct_instructions"] == 5
