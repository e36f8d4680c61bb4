"""A measurement holds for the settings that it was made under, and `[selection] trust` demands one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.dataset import calibration
from pipeline.errors import NotTrusted
from pipeline.stages import trust
from tests.support.pinned import PinnedProject, settings

DOCUMENT: dict[str, Any] = {
    "date": "2026-11-27",
    "model": {"name": "m", "sha256": "0" * 64},
    "packs": [{"name": "tasks", "sha256": "1" * 64, "tasks": 50}],
    "by_min_agreement": [
        {"min_agreement": 0.0, "selected": 30, "right_selected": 24, "share": {"low": 0.65}},
        {"min_agreement": 0.5, "selected": 20, "right_selected": 19, "share": {"low": 0.76}},
    ],
    "figures": {
        "tasks": 40,
        "selected": 30,
        "shares": {
            "in_form": {"mean": 0.3, "low": 0.2, "high": 0.4},
            "passing": {"mean": 0.5, "low": 0.4, "high": 0.6},
            "selected": {"mean": 0.8, "low": 0.65, "high": 0.9},
        },
    },
}


def project(root: Path, **changes: Any) -> PinnedProject:
    return PinnedProject(settings(**changes), root, packs=[])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder in which its rows were measured under the shipped settings."""
    measured = project(tmp_path)
    calibration.write(measured.artifacts, trust.conditions(measured), DOCUMENT)
    return tmp_path


@pytest.mark.parametrize(
    "changes",
    [{}, {"seeds__max_lines": 9}, {"concepts__temperature": 0.1}, {"selection__max_per_concept": 3},
     {"decontamination__execute": False}, {"engine__n_threads": 3}, {"selection__trust": 0.1}],
)  # fmt: skip
def test_it_holds_where_only_other_things_differ(root: Path, changes: dict[str, Any]) -> None:
    assert trust.measured(project(root, **changes)) == DOCUMENT


@pytest.mark.parametrize(
    "changes",
    [{"responses__temperature": 0.2}, {"responses__samples": 5}, {"executions__timeout": 2.0},
     {"verification__max_others": 3}, {"selection__min_agreement": 0.5}, {"selection__choose": "random"}],
)  # fmt: skip
def test_it_does_not_hold_where_answers_or_their_choice_differ(root: Path, changes: dict[str, Any]) -> None:
    assert trust.measured(project(root, **changes)) is None


def test_a_file_that_cannot_be_read_is_no_measurement(root: Path) -> None:
    for path in calibration.folder(project(root).artifacts).iterdir():
        path.write_text("{")
    assert trust.measured(project(root)) is None


@pytest.mark.parametrize("demanded", [0.0, 0.5, 0.65])
def test_rows_are_trusted_as_far_as_the_lower_end_of_the_interval(root: Path, demanded: float) -> None:
    trust.require(project(root, selection__trust=demanded))


def test_rows_below_it_are_refused_with_the_figure_and_what_to_change(root: Path) -> None:
    with pytest.raises(NotTrusted, match=r"at least 0\.65 .*80 % \(65 to 90 %\) of the 30 answers") as refusal:
        trust.require(project(root, selection__trust=0.7))
    assert "set [selection] min_agreement = 0.5, which chose 20 answers instead of 30, 19" in refusal.value.remedy
    with pytest.raises(NotTrusted) as refusal:
        trust.require(project(root, selection__trust=0.8))
    assert "stronger model" in refusal.value.remedy


def test_what_was_never_measured_is_refused(root: Path) -> None:
    with pytest.raises(NotTrusted, match="never measured") as refusal:
        trust.require(project(root, selection__trust=0.1, responses__samples=9))
    assert "selfcodealign calibrate" in refusal.value.remedy


def test_the_words_tell_figure_date_model_and_tasks() -> None:
    said = calibration.in_words(DOCUMENT)
    for part in ("2026-11-27", "`m`", "80 % (65 to 90 %)", "50 % (40 to 60 %)", "40 tasks", "`tasks`"):
        assert part in said
    assert calibration.in_words(None) == calibration.NEVER
