"""How often a rater is wrong, and in which way, from ratings alone: a transition matrix by consensus of order three.

In: ratings of samples, and for each sample the two others that resemble it most, which are taken to have the same true
rating. Out: P(rated j | true i) and P(true i). With three independent ratings of one true one, the frequencies of
single ratings, pairs and triples determine both (Zhu et al. 2021, arXiv 2102.05291, "HOC"; used by DS2, arXiv
2410.10877). Nothing else is needed: no true rating is known. That neighbours share a true rating is the assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.text.numeric import np, npt

Floats: TypeAlias = "npt.NDArray[np.float64]"
Whole: TypeAlias = "npt.NDArray[np.int64]"

# DS2 (docta/core/hoc.py) takes 1,501 steps and 50 subsamples; the result was the same to a thousandth.
_STEPS, _RATE = 800, 0.1
_SUBSAMPLES, _SUBSAMPLE = 8, 0.9
_DIAGONAL = 5.0  # of the logits at the beginning: raters are more often right than not
_ADAM = (0.9, 0.999, 1e-8)


@dataclass(frozen=True, slots=True)
class Transition:
    """`matrix[i, j]` is P(rated j | true i), `prior[i]` is P(true i)."""

    matrix: Floats
    prior: Floats


def transition(ratings: Whole, neighbours: Whole, classes: int) -> Transition:
    """The transition matrix of ratings 0 to `classes` - 1, given the indices of each sample's two neighbours."""
    triples = np.stack([ratings, ratings[neighbours[:, 0]], ratings[neighbours[:, 1]]], axis=1)
    rng = np.random.default_rng(0)
    size = max(1, round(_SUBSAMPLE * len(triples)))
    taken = [triples[rng.choice(len(triples), size, replace=False)] for _ in range(_SUBSAMPLES)]
    third = np.stack([_frequencies(sample, classes) for sample in taken])
    matrix, prior = _fitted(third)
    return Transition(matrix.mean(axis=0), prior.mean(axis=0))


def _frequencies(triples: Whole, classes: int) -> Floats:
    """The shares of triples of ratings, the same in any order of the three."""
    counts = np.zeros((classes,) * 3)
    np.add.at(counts, tuple(triples.T), 1.0)
    orders = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    together: Floats = sum((counts.transpose(order) for order in orders), np.zeros_like(counts)) / (6 * len(triples))
    return together


def _fitted(third: Floats) -> tuple[Floats, Floats]:
    """For each of several measured frequencies of triples the matrix and prior that explain them best.

    The loss is the sum of the norms of what is not explained of singles, pairs and triples; Adam minimises it over
    logits of the rows of the matrix and of the prior.
    """
    count, classes = third.shape[0], third.shape[1]
    second, first = third.sum(axis=3), third.sum(axis=(2, 3))
    parameters = np.zeros((count, classes + 1, classes))
    parameters[:, :classes] = _DIAGONAL * np.eye(classes) - 1
    mean, square = np.zeros_like(parameters), np.zeros_like(parameters)
    best, lowest = parameters.copy(), np.full(count, np.inf)
    for step in range(1, _STEPS + 1):
        loss, gradient = _loss(parameters, first, second, third)
        better = loss < lowest
        best[better], lowest[better] = parameters[better], loss[better]
        mean = _ADAM[0] * mean + (1 - _ADAM[0]) * gradient
        square = _ADAM[1] * square + (1 - _ADAM[1]) * gradient**2
        rate = _RATE * np.sqrt(1 - _ADAM[1] ** step) / (1 - _ADAM[0] ** step)
        rate *= 1 - (step - 1) / _STEPS  # to rest: norms are steep up to their least value
        parameters = parameters - rate * mean / (np.sqrt(square) + _ADAM[2])
    fitted = _softmax(best)
    return fitted[:, :classes], fitted[:, classes]


def _loss(parameters: Floats, first: Floats, second: Floats, third: Floats) -> tuple[Floats, Floats]:
    """The loss of each set of parameters, and its gradient."""
    shares = _softmax(parameters)
    matrix, prior = shares[:, :-1], shares[:, -1]
    weighted = prior[:, :, None] * matrix
    pairs = np.einsum("bij,bik->bijk", matrix, matrix)
    loss1, part1 = _norm(weighted.sum(axis=1) - first)
    loss2, part2 = _norm(np.einsum("bij,bik->bjk", weighted, matrix) - second)
    loss3, part3 = _norm(np.einsum("bij,bikl->bjkl", weighted, pairs) - third)
    of_second = np.einsum("bjk,bik->bij", part2, matrix)
    of_third = np.einsum("bjkl,bikl->bij", part3, pairs)
    by_matrix = prior[:, :, None] * (part1[:, None, :] + 2 * of_second + 3 * of_third)
    by_prior = (matrix * (part1[:, None, :] + of_second + of_third)).sum(axis=2)
    gradient = np.concatenate([by_matrix, by_prior[:, None, :]], axis=1)
    gradient = shares * (gradient - (gradient * shares).sum(axis=2, keepdims=True))
    return loss1 + loss2 + loss3, gradient


def _norm(difference: Floats) -> tuple[Floats, Floats]:
    """The norm of each difference, and its gradient."""
    axes = tuple(range(1, difference.ndim))
    norm = np.sqrt((difference**2).sum(axis=axes))
    return norm, difference / np.maximum(norm, 1e-12).reshape(-1, *[1] * len(axes))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares
