"""pass@k and its intervals."""

from __future__ import annotations

from itertools import combinations

import pytest

from pipeline.loop.statistics import Estimate, bootstrap, pass_at_k, separation, wilson


@pytest.mark.parametrize("n", [1, 4, 7])
def test_pass_at_k_is_the_share_of_all_draws_of_k_that_hold_a_pass(n: int) -> None:
    for passed in range(n + 1):
        outcomes = [True] * passed + [False] * (n - passed)
        for k in range(1, n + 1):
            draws = [any(draw) for draw in combinations(outcomes, k)]
            assert pass_at_k(n, passed, k) == pytest.approx(sum(draws) / len(draws))


@pytest.mark.parametrize(("n", "passed", "k"), [(4, 5, 1), (4, -1, 1), (4, 2, 5), (4, 2, 0)])
def test_numbers_that_cannot_be_are_refused(n: int, passed: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@"):
        pass_at_k(n, passed, k)


def test_the_interval_of_shares_is_as_wide_as_the_binomial_says() -> None:
    scores = [1.0] * 240 + [0.0] * 160
    estimate = bootstrap([scores])
    deviation = (0.6 * 0.4 / 400) ** 0.5
    assert estimate.mean == 0.6
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_runs_that_differ_widen_the_interval() -> None:
    alike, apart = [[1.0, 0.0] * 200] * 3, [[1.0] * 400, [1.0, 0.0] * 200, [0.0] * 400]
    width = {name: bootstrap(runs) for name, runs in (("alike", alike), ("apart", apart))}
    assert width["alike"].mean == width["apart"].mean == 0.5
    assert width["apart"].high - width["apart"].low > 3 * (width["alike"].high - width["alike"].low)


def test_the_same_scores_give_the_same_interval() -> None:
    scores = [[0.25, 1.0, 0.0, 0.5]]
    assert bootstrap(scores) == bootstrap(scores)


def test_wilsons_interval_is_that_of_the_textbook():
    # 8 of 10: Agresti and Coull 1998, by their formula (1)
    assert (wilson(0.8, 10).low, wilson(0.8, 10).high) == (0.4902, 0.9433)
    assert wilson(0.0, 0) == Estimate(0.0, 0.0, 1.0)
    assert wilson(1.0, 5).high == 1.0 > wilson(1.0, 5).low > 0.5


def test_separation_is_the_share_of_pairs_in_order_and_half_of_the_ties():
    assert separation([2, 3], [1, 1]) == 1
    assert separation([1], [1, 1]) == 0.5
    assert separation([1, 3], [2]) == 0.5
    assert separation([0], [5, 6]) == 0
