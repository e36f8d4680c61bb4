"""The order in which candidates are judged: ratings, and what comes first among equals."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.selection.order import Order

COMMON = "Return the largest of the numbers in a list"


def candidate(number: int, **changes: Any) -> Any:
    return {
        "id": f"{number:016x}-000",
        "instruction": {"id": f"{number:016x}", "instruction": changes.get("text", COMMON)},
        "response": {"response": "x" * (number + 1), "code": changes.get("code", "def f(x):\n    return max(x)")},
        "verification": {"agreement": changes.get("agreement", 0.5), "killed": 1, "mutants": 2},
        "rating": changes.get("rating"),
    }


def ordered(candidates: list[Any], choose: str, then: str = "") -> list[int]:
    order = Order(choose, then)
    for one in candidates:
        order.add(one)
    return [place for _, place in sorted(zip(order.keys(), range(len(candidates)), strict=True))]


@pytest.mark.parametrize("choose", ["best", "verified", "random", "shortest"])
def test_the_rarest_of_equals_comes_first(choose: str) -> None:
    candidates = [candidate(number) for number in range(6)]
    stranger = candidate(5, text="Parse dates of a calendar", code="class C:\n    days = {1: 2}")
    candidates[5] = stranger
    if choose == "shortest":
        stranger["response"]["response"] = candidates[0]["response"]["response"]
    assert ordered(candidates, choose, "rare")[0] == 5


def test_rarity_never_overrules_agreement() -> None:
    candidates = [candidate(number, agreement=0.9) for number in range(4)]
    candidates.append(candidate(4, text="Parse dates", agreement=0.1))
    assert ordered(candidates, "best", "rare")[-1] == 4


def test_curated_goes_by_the_rating_and_puts_unrated_ones_last() -> None:
    candidates = [candidate(number, rating=rating) for number, rating in enumerate([1, None, 3, 0, 2])]
    assert ordered(candidates, "curated") == [2, 4, 0, 3, 1]


def test_a_rating_that_all_neighbours_contradict_is_corrected() -> None:
    """Two kinds of tasks: those on lists are rated 3, those on dates 0, but for one of each."""
    lists = [candidate(number, rating=3, text=f"{COMMON} {number}") for number in range(40)]
    dates = [
        candidate(number, rating=0, text=f"Parse dates of a calendar {number}", code="class C:\n    days = {1: 2}")
        for number in range(40, 80)
    ]
    lists[7]["rating"], dates[7]["rating"] = 0, 3
    places = ordered([*lists, *dates], "curated")
    assert places.index(7) < 40 <= places.index(47)


def test_nothing_to_order_is_no_fault() -> None:
    for then in ("", "rare"):
        assert ordered([], "curated", then) == []
