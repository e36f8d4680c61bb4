"""Corrects ratings by those of similar samples: DS2's score curation (arXiv 2410.10877; docta/core in its code).

In: ratings, and each sample's nearest others. Out: curated ratings. How many ratings are wrong in each class follows
from the transition matrix (transition.py); which ones follows from the neighbours: those whose rating is rarest around
them. A wrong rating becomes that of most neighbours, where they are confident.
"""

from __future__ import annotations

from pipeline.selection.neighbours import Nearest
from pipeline.selection.transition import Floats, Transition, Whole, transition
from pipeline.text.numeric import np

# DS2's numbers.
_EPOCHS, _SHARE = 51, 0.9
_LEAST_ERRORS, _MOST_ERRORS = 0.05, 0.95
_NOISY = _CONFIDENT = 0.5
FEWEST = 30  # samples: fewer tell nothing about a rater


def curated(ratings: Whole, found: Nearest, classes: int) -> Whole:
    """The ratings, those replaced that are wrong by what their neighbours show; unchanged below FEWEST samples."""
    if len(ratings) < FEWEST or found.indices.shape[1] < 2:
        return ratings
    errors = _errors(ratings, transition(ratings, found.indices[:, :2], classes))
    around = _around(ratings, found, classes)
    suspicion = -np.log(np.maximum(around[np.arange(len(ratings)), ratings], 1e-12))
    drawn, hits = np.zeros(len(ratings)), np.zeros(len(ratings))
    rng = np.random.default_rng(0)
    for _ in range(_EPOCHS):
        taken = np.sort(rng.choice(len(ratings), round(_SHARE * len(ratings)), replace=False))
        drawn[taken] += 1
        for rated in range(classes):
            members = taken[ratings[taken] == rated]
            worst = members[np.argsort(-suspicion[members], kind="stable")]
            hits[worst[: round(errors[rated] * len(members))]] += 1
    noisy = (hits + 1) / (drawn + 2)
    votes = np.zeros((len(ratings), classes))
    for column in found.indices.T:
        votes[np.arange(len(ratings)), ratings[column]] += 1
    suggestion = votes.argmax(axis=1)
    confidence = votes.max(axis=1) / found.indices.shape[1] * noisy
    replaced = (noisy >= _NOISY) & (confidence >= _CONFIDENT)
    result: Whole = np.where(replaced, suggestion, ratings)
    return result


def _errors(ratings: Whole, found: Transition) -> Floats:
    """By rating, the share of samples that have it wrongly: 1 - P(true c | rated c), by Bayes."""
    rated = np.bincount(ratings, minlength=len(found.prior)) / len(ratings)
    right = np.diag(found.matrix) * found.prior / np.maximum(rated, 1e-12)
    errors: Floats = np.clip(1 - right, _LEAST_ERRORS, _MOST_ERRORS)
    return errors


def _around(ratings: Whole, found: Nearest, classes: int) -> Floats:
    """The distribution of ratings around each sample, its own included, as vectors of length 1.

    A neighbour counts the more the nearer it is; the sample itself as one that is nearer than the first by as much as
    the first is nearer than the second.
    """
    rows = np.arange(len(ratings))
    spread = np.zeros((len(ratings), classes))
    for column, distance in zip(found.indices.T, found.distances.T, strict=True):
        spread[rows, ratings[column]] += 1 - distance
    own = np.clip(2 * found.distances[:, 0] - found.distances[:, 1], 0.0, 1.0)
    spread[rows, ratings] += 1 - own
    length = np.sqrt((spread**2).sum(axis=1, keepdims=True))
    around: Floats = spread / np.maximum(length, 1e-12)
    return around
