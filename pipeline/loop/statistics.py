"""Computes the figures of an evaluation: pass@k, shares, and their intervals.

Pure arithmetic. In: how many of each task's samples passed. Out: shares between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import comb, sqrt

from pipeline.text.numeric import np

RESAMPLES = 2000
SHARE = 95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def pass_at_k(n: int, passed: int, k: int) -> float:
    """The chance that one of k samples passes, estimated without bias from n samples.

    Chen et al. 2021, "Evaluating Large Language Models Trained on Code", section 2.1:
    1 - C(n - passed, k) / C(n, k).
    """
    if not 0 <= passed <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {passed} passed out of {n}")
    return 1.0 - comb(n - passed, k) / comb(n, k)


def bootstrap(runs: Sequence[Sequence[float]], weights: Sequence[Sequence[float]] | None = None) -> Estimate:
    """The mean over runs and tasks; its interval by drawing runs and tasks again, with replacement.

    `runs[i][j]` is the score of task j in run i: all runs have the same tasks. One run is an evaluation;
    several are evaluations of models that differ by their seed alone. `weights`, of the same shape, are those of
    the scores in the mean; at least one must be above zero.
    """
    scores = np.asarray(runs, dtype=np.float64)
    shares = np.ones_like(scores) if weights is None else np.asarray(weights, dtype=np.float64)
    rng = np.random.default_rng(0)
    count, tasks = scores.shape
    means = []
    for _ in range(RESAMPLES):
        drawn = np.ix_(rng.integers(count, size=count), rng.integers(tasks, size=tasks))
        with suppress(ZeroDivisionError):  # a draw may hold only scores of weight 0
            means.append(np.average(scores[drawn], weights=shares[drawn]))
    tail = (100 - SHARE) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    mean = np.average(scores, weights=shares)
    return Estimate(round(float(mean), 4), round(float(low), 4), round(float(high), 4))


_NORMAL = 1.96  # the quantile of the normal distribution that leaves 2.5 % on each side


def wilson(share: float, observations: int) -> Estimate:
    """A share of independent observations with its interval, which is none at all of no observation: 0 to 1.

    E. B. Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
    """
    if not observations:
        return Estimate(0.0, 0.0, 1.0)
    square = _NORMAL**2 / observations
    middle = (share + square / 2) / (1 + square)
    half = sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return Estimate(round(share, 4), round(max(middle - half, 0.0), 4), round(min(middle + half, 1.0), 4))


def separation(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The chance that a right answer has more of an evidence than a wrong one, equals counting half (the AUC).

    0.5 is no separation; at least one of both must be given.
    """
    ordered = np.sort(np.asarray(wrong, dtype=np.float64))
    scores = np.asarray(right, dtype=np.float64)
    below = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return float(below.sum() / (2 * len(ordered) * len(scores)))
