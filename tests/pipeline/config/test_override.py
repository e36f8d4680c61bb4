"""Settings with some values replaced."""

from __future__ import annotations

from pipeline.config import override
from tests.support.pinned import settings


def test_a_value_is_replaced_in_a_copy() -> None:
    before = settings(responses__samples=3)
    after = override(before, {("responses", "samples"): 2, ("selection", "among"): "all"})
    assert (after.responses.samples, after.selection.among) == (2, "all")
    assert (before.responses.samples, before.selection.among) == (3, "passing")


def test_other_values_stay() -> None:
    before = settings(responses__samples=3, responses__temperature=0.1)
    after = override(before, {("responses", "samples"): 2})
    assert after.responses.temperature == 0.1
    assert after.seeds is before.seeds


def test_several_values_of_a_section_are_replaced_together() -> None:
    overrides = {("finetuning", "rows"): 9, ("finetuning", "seed"): 2}
    after = override(settings(finetuning__epochs=1), overrides).finetuning
    assert (after.rows, after.seed, after.epochs) == (9, 2, 1)


def test_nothing_replaced_is_equal() -> None:
    before = settings(responses__samples=3)
    assert override(before, {}) == before
