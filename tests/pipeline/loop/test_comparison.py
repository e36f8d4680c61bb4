"""Arms of a comparison, and the figures of their scores."""

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
from tests.support.pinned import settings as pinned


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


def test_base_and_arm_have_their_mean_interval_and_seeds() -> None:
    document = compared()
    assert document["base"]["seeds"] == [0.5, 0.5, 0.5]
    assert document["passing"]["mean"] == pytest.approx(10 / 12, abs=1e-4)
    assert document["passing"]["low"] < document["passing"]["mean"] <= document["passing"]["high"]


def test_gain_and_kept_are_measured_against_the_base_task_by_task() -> None:
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
    document = figures(runs, {}, {"pack": "p", "tasks": 2000, "rows": 9})
    assert document["base"]["kept"]["mean"] == pytest.approx(0.7, abs=0.03)
    assert document["passing"]["kept"]["mean"] == pytest.approx(0.7, abs=0.03)
    assert document["passing"]["lost"]["low"] < 0 < document["passing"]["lost"]["high"]


def test_kept_of_one_seed_is_unknown() -> None:
    runs = {"base": [[1.0, 0.0]], "passing": [[0.0, 1.0]]}
    document = figures(runs, {"passing": about()}, {"pack": "p", "tasks": 2, "rows": 9})
    assert document["base"]["kept"] is document["passing"]["lost"] is None
    assert document["passing"]["kept_of_most"] == 0.0
    assert "| passing |" in table(document)


def test_table_and_plot_name_the_base_and_every_arm() -> None:
    document = compared()
    for name in ("base", "passing"):
        assert f"| {name} |" in table(document)
        assert name in plot(document)


@pytest.mark.parametrize("name", arms.ARMS)
def test_an_arms_settings_reach_the_child_through_the_command_line(name: str) -> None:
    settings = config.override(config.load(), arms.ARMS[name])
    options = arms.options(settings)
    by_option = dict(zip(options[::2], options[1::2], strict=True))
    for (section, key), value in arms.ARMS[name].items():
        written = by_option[f"--{section}-{key.replace('_', '-')}"]
        parameter = dict(getattr(sections, section).get_params())[key]
        assert parameter.parse(written) == value == getattr(getattr(settings, section), key)
    assert by_option["--engine-n-threads"] == str(settings.engine.n_threads)


def test_an_arm_changes_nothing_else() -> None:
    before = config.load()
    after = config.override(before, {("selection", "among"): "all"})
    assert after.selection.among == "all" and before.selection.among == "passing"
    assert after.engine is before.engine


def test_an_unknown_arm_is_named() -> None:
    settings = config.override(config.load(), {("comparison", "arms"): "passing, magic"})
    with pytest.raises(ConfigError, match="magic"):
        arms.chosen(settings)


def test_only_the_distilled_arm_has_responses_of_another_model() -> None:
    named = {("comparison", "arms"): ", ".join(arms.ARMS)}
    with pytest.raises(ConfigError, match="distilled needs a model"):
        arms.chosen(config.override(config.load(), named))
    settings = config.override(config.load(), {**named, ("responses", "base_url"): "http://a/v1"})
    for name, overrides in arms.chosen(settings).items():
        server = config.override(settings, overrides).responses.base_url
        assert server == ("http://a/v1" if name == "distilled" else "")
    assert config.override(settings, arms.of_seed(1, tuned=False, rows=0)).responses.base_url == ""


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


def test_monologues_are_in_the_rows_of_no_other_arm_than_semcoder() -> None:
    chosen = arms.chosen(pinned(comparison__arms="best, semcoder, file:rows.jsonl", finetuning__monologues=0.3))
    shares = {name: overrides[("finetuning", "monologues")] for name, overrides in chosen.items()}
    assert shares == {"best": 0.0, "semcoder": 0.2, "file:rows.jsonl": 0.0}
    assert chosen["semcoder"][("monologues", "enabled")] is True
