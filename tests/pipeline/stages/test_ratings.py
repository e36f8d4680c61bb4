"""Ratings from the probabilities of numbers, and the prompt that asks for them."""

from __future__ import annotations

import math
import re

import pytest

from pipeline.engine import Scores
from pipeline.errors import ConfigError
from pipeline.prompts import rating
from pipeline.stages.ratings import rated
from pipeline.stages.selection import Selection
from tests.support.pinned import PinnedProject, settings


def scores(*shares: float) -> Scores:
    return Scores("one", tuple(math.log(share) if share else -math.inf for share in shares))


def test_the_rating_is_the_likeliest_in_the_mean_of_both_orders() -> None:
    found = rated("one", (scores(0.1, 0.2, 0.2, 0.5), scores(0.1, 0.7, 0.1, 0.1)))
    assert found == {"id": "one", "rating": 1, "expected": pytest.approx(1.65)}
    assert rated("one", (scores(0.2, 0, 0.2, 0.4), scores(0, 0, 0, 0.1)))["rating"] == 3


def test_only_the_numbers_count_and_without_them_there_is_no_rating() -> None:
    assert rated("one", (scores(0.001, 0, 0.003, 0), scores(0.001, 0, 0.003, 0)))["expected"] == 1.5
    nothing = scores(0, 0, 0, 0)
    assert rated("one", (nothing, nothing)) == {"id": "one", "rating": None, "expected": None}


def test_both_contexts_show_every_number_and_end_where_the_rating_begins() -> None:
    first, second = rating.contexts()
    shown = [re.findall(r"### Rating\n(\d)\n", context) for context in (first, second)]
    assert shown[0] == shown[1][::-1]
    assert {*shown[0]} == {*rating.OPTIONS}
    assert len(shown[0]) == 6
    assert (first + rating.tail("Do.", "Done.")).endswith("### Rating\n")


def test_a_selection_by_ratings_needs_them() -> None:
    project = PinnedProject(settings(selection__choose="curated"), packs=[])
    with pytest.raises(ConfigError, match="no row is rated"):
        _ = Selection(snapshot="snapshot", project=project).recipe
    rated_too = PinnedProject(settings(selection__choose="curated", ratings__enabled=True), packs=[])
    assert "ratings" in Selection(snapshot="snapshot", project=rated_too).artifacts.stages
