"""Ratings with planted noise, whose matrix is known: it is found, and the ratings are corrected by their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.selection.curation import FEWEST, curated
from pipeline.selection.neighbours import NEIGHBOURS, Nearest, nearest, rarity
from pipeline.selection.transition import transition

NOISE = np.array([[0.8, 0.1, 0.05, 0.05], [0.1, 0.75, 0.1, 0.05], [0.05, 0.2, 0.7, 0.05], [0.02, 0.08, 0.2, 0.7]])
PRIOR = np.array([0.1, 0.3, 0.4, 0.2])
ROWS = 2000


class Planted:
    """Rows in groups of similar ones; a group has one true rating, and each of its rows is rated by NOISE."""

    def __init__(self, seed: int, rows: int = ROWS) -> None:
        rng = np.random.default_rng(seed)
        groups = rng.choice(4, 60, p=PRIOR)
        group = rng.choice(60, rows)
        self.true = groups[group]
        self.rated = np.array([rng.choice(4, p=NOISE[true]) for true in self.true])
        own = (rng.choice(30, 12, replace=False) for _ in range(rows))
        of_all = (rng.choice(200, 5) for _ in range(rows))
        self.found = nearest(
            [
                frozenset([*(f"{number} {word}" for word in words), *(f"any {word}" for word in common)])
                for number, words, common in zip(group, own, of_all, strict=True)
            ]
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_planted_matrix_is_found_and_more_ratings_are_right_than_before(seed: int) -> None:
    planted = Planted(seed)
    found = transition(planted.rated, planted.found.indices[:, :2], 4)
    assert np.abs(found.matrix - NOISE).mean() <= 0.05
    assert np.abs(found.prior - np.bincount(planted.true, minlength=4) / ROWS).max() <= 0.1
    assert found.matrix.sum(axis=1) == pytest.approx([1.0] * 4)
    better = curated(planted.rated, planted.found, 4)
    raw_right, right = (planted.rated == planted.true).mean(), (better == planted.true).mean()
    assert raw_right < 0.75
    assert right > 0.9


def test_the_same_ratings_are_curated_to_the_same_in_every_run() -> None:
    planted = Planted(3, 200)
    first, second = (curated(planted.rated, planted.found, 4) for _ in range(2))
    assert (first == second).all()


def test_a_perfect_rater_is_left_nearly_alone() -> None:
    planted = Planted(4, 400)
    found = transition(planted.true, planted.found.indices[:, :2], 4)
    assert np.diag(found.matrix).min() > 0.95
    assert (curated(planted.true, planted.found, 4) == planted.true).mean() > 0.97


def test_too_few_ratings_stay_as_they_are() -> None:
    planted = Planted(5, FEWEST - 1)
    assert (curated(planted.rated, planted.found, 4) == planted.rated).all()


def test_the_nearest_share_the_rarest_features_and_a_stranger_is_the_rarest_of_all() -> None:
    bags = [frozenset({"common", "a", f"x{number}"}) for number in range(20)]
    bags += [frozenset({"common", "b", f"y{number}"}) for number in range(20)]
    bags.append(frozenset({"common", "stranger"}))
    found = nearest(bags)
    assert found.indices.shape == (41, NEIGHBOURS)
    assert all(other < 20 for other in found.indices[0])
    assert all(20 <= other < 40 for other in found.indices[39])
    assert (np.diff(found.distances, axis=1) >= 0).all()
    scores = rarity(found)
    assert int(scores.argmax()) == 40
    assert 0 <= scores.min() <= scores.max() < 0.47


def test_responses_to_one_instruction_are_no_neighbours_of_each_other() -> None:
    bags = [frozenset({"a", f"{number % 2}"}) for number in range(24)]
    found = nearest(bags, [str(number // 12) for number in range(24)])
    assert all(other >= 12 for other in found.indices[0])
    assert all(other < 12 for other in found.indices[23])
    assert nearest(bags, ["one"] * 24).indices.shape == (24, 0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_candidate_or_none_has_no_neighbours(count: int) -> None:
    found = nearest([frozenset({"a"})] * count)
    assert isinstance(found, Nearest)
    assert found.indices.shape == (count, max(count - 1, 0))
    assert len(rarity(found)) == count
