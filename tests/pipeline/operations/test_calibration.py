"""What a calibration computes from answers whose truth is known."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import pytest

from pipeline.loop.statistics import wilson
from pipeline.operations.calibration import evidence, figures, verdict
from pipeline.operations.truth import Answers


def answers(*given: tuple[str, bool, bool, float]) -> Answers:
    """Answers by id, whether they pass, whether they are right, and their agreement."""
    return Answers(
        tasks=("a", "b", "c"),
        completions=12,
        new_tokens=1200,
        in_form=frozenset(id for id, *_ in given),
        passing=frozenset(id for id, passed, *_ in given if passed),
        right=frozenset(id for id, _, right, _ in given if right),
        candidates=tuple(candidate(id, passed, agreement) for id, passed, _, agreement in given),
    )


def candidate(id: str, passed: bool, agreement: float) -> Any:
    return {
        "id": id,
        "verdict": {"passed": passed},
        "verification": {
            "agreement": agreement,
            "killed": 1,
            "mutants": 2,
            "asserts": 3,
            "agrees": [],
            "supports": [],
            "asked": 3,
            "inputs": 2,
            "behaviour": "",
        },
        "samples": {"n": 4, "passed": 2},
        "response": {"response": "text"},
    }


SOME = answers(
    ("a-000", True, True, 0.9), ("a-001", True, False, 0.0), ("a-002", False, True, 0.0),
    ("b-000", True, True, 0.5), ("b-001", False, False, 0.0),
    ("c-000", True, False, 0.1),
)  # fmt: skip


def test_answers_are_counted_by_how_far_they_came() -> None:
    found = figures(SOME, {"a-000", "c-000"})
    counts = {kind: (found[kind], found[f"right_{kind}"]) for kind in ("in_form", "passing", "agreed", "selected")}
    assert counts == {"in_form": (6, 3), "passing": (4, 2), "agreed": (3, 2), "selected": (2, 1)}
    assert (found["answerable"], found["answerable_selected"]) == (2, 1)
    assert found["tokens_per_right_row"] == 1200


def test_an_interval_counts_tasks_and_not_answers() -> None:
    share = figures(SOME, set())["shares"]["in_form"]
    assert share["mean"] == 0.5
    assert share == asdict(wilson(0.5, 3))


def test_without_a_right_row_no_number_of_tokens_makes_one() -> None:
    assert figures(SOME, {"c-000"})["tokens_per_right_row"] is None


def test_evidence_that_right_answers_have_more_of_separates_them() -> None:
    many = answers(*((f"{task}-{sample:03d}", True, sample == 0, 0.5 - sample / 4)
                     for task in "abcde" for sample in (0, 1)))  # fmt: skip
    found = evidence(many)
    assert found["agreement"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert found["asserts"]["mean"] == 0.5


def test_nothing_is_said_of_evidence_with_too_few_tasks() -> None:
    assert evidence(SOME) == {}


NOTHING = {"agreement": {"mean": 0.5, "low": 0.3, "high": 0.7}}
CARRIES = {"agreement": {"mean": 0.8, "low": 0.6, "high": 0.9}, "asserts": {"mean": 0.7, "low": 0.4, "high": 0.9}}


@pytest.mark.parametrize(
    ("passing", "right", "low", "found", "words"),
    [
        (9, 4, 0.4, CARRIES, "What separates right from wrong among passing answers: agreement."),
        (9, 1, 0.0, NOTHING, "No evidence separates right from wrong: .* 1 are right, .* passing shows nothing either"),
        (15, 1, 0.0, {}, "No evidence separates right from wrong: of 15 .* passing shows nothing either"),
        (40, 12, 0.2, NOTHING, "No evidence separates right from wrong: .* 12 are right, and nothing else"),
        (9, 9, 0.7, {}, "9 of 9 passing answers are right: too few are wrong"),
        (0, 0, 0.0, {}, "nothing to choose from"),
    ],
)
def test_the_verdict_tells_in_a_sentence_which_evidence_carries(
    passing: int, right: int, low: float, found: Any, words: str
) -> None:
    shares = {"passing": {"low": low}, "in_form": {"mean": 0.05}}
    said = verdict({"figures": {"passing": passing, "right_passing": right, "shares": shares}, "evidence": found})
    assert re.search(words, said)


def test_a_part_of_the_tasks_has_their_answers() -> None:
    part = SOME.of(["a"])
    assert part.tasks == ("a",)
    assert (part.completions, part.new_tokens) == (4, 400)
    assert part.right == {"a-000", "a-002"}
    assert [one["id"] for one in part.candidates] == ["a-000", "a-001", "a-002"]
