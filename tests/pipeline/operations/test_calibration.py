"""What a calibration computes from answers whose truth is known."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

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


def test_the_verdict_names_the_evidence_that_carries() -> None:
    found = {"agreement": {"mean": 0.8, "low": 0.6, "high": 0.9}, "asserts": {"mean": 0.7, "low": 0.4, "high": 0.9}}
    said = verdict({"figures": {"passing": 9, "right_passing": 4}, "evidence": found})
    assert "agreement" in said
    assert "asserts" not in said


def test_the_verdict_says_when_nothing_separates_right_from_wrong() -> None:
    found = {"agreement": {"mean": 0.5, "low": 0.3, "high": 0.7}}
    assert verdict({"figures": {"passing": 9, "right_passing": 1}, "evidence": found}).startswith("No evidence")
    assert "9 are right and 0 wrong" in verdict({"figures": {"passing": 9, "right_passing": 9}, "evidence": {}})
    assert "nothing to choose" in verdict({"figures": {"passing": 0, "right_passing": 0}, "evidence": {}})


def test_a_part_of_the_tasks_has_their_answers() -> None:
    part = SOME.of(["a"])
    assert part.tasks == ("a",)
    assert (part.completions, part.new_tokens) == (4, 400)
    assert part.right == {"a-000", "a-002"}
    assert [one["id"] for one in part.candidates] == ["a-000", "a-001", "a-002"]
