"""Which candidates resemble each other most, and which resemble none: words of the instruction, concepts of the code.

In: each candidate's features. Out: its nearest others with their distances, and how rare it is. The weight of a
feature is its inverse document frequency; the distance is 1 less the cosine. All are compared with all: the time grows
with the square of their number, a second for some thousands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.text.code_concepts import tree_concepts
from pipeline.text.normalise import words
from pipeline.text.numeric import np, npt

NEIGHBOURS = 10  # DS2's number


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of each candidate the indices of the nearest others, the nearest first, and their distances, 0 to 1.

    There are NEIGHBOURS columns, or as many as even the largest group has others.
    """

    indices: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]


def features(instruction: str, code: str) -> frozenset[str]:
    """What a candidate is compared by."""
    return frozenset((*words(instruction), *(f"code: {name}" for name in tree_concepts(code))))


def nearest(bags: Sequence[frozenset[str]], groups: Sequence[str] = ()) -> Nearest:
    """The nearest others of each; of equal distances, those that come first.

    Candidates of one group, such as the responses to one instruction, are no neighbours of each other: they say little
    about how rare the task is, and a rater is wrong on all of them alike.
    """
    count = len(bags)
    codes = {group: code for code, group in enumerate(dict.fromkeys(groups))}
    of = np.array([codes[group] for group in groups] if groups else range(count), np.int64)
    width = min(NEIGHBOURS, count - int(np.bincount(of, minlength=1).max()))
    postings: dict[str, list[int]] = {}
    for number, bag in enumerate(bags):
        for feature in sorted(bag):
            postings.setdefault(feature, []).append(number)
    squares = {feature: math.log(count / len(numbers)) ** 2 for feature, numbers in postings.items()}
    arrays = {feature: np.array(numbers, np.int64) for feature, numbers in postings.items()}
    lengths = np.array([math.sqrt(sum(squares[feature] for feature in sorted(bag))) for bag in bags])
    indices, distances = np.zeros((count, width), np.int64), np.ones((count, width))
    for number, bag in enumerate(bags):
        similar = np.zeros(count)
        for feature in sorted(bag):
            similar[arrays[feature]] += squares[feature]
        similar /= np.maximum(lengths * lengths[number], 1e-12)
        similar[of == of[number]] = -1.0
        order = np.argsort(-similar, kind="stable")[:width]
        indices[number], distances[number] = order, np.clip(1 - similar[order], 0.0, 1.0)
    return Nearest(indices, distances)


def rarity(found: Nearest) -> npt.NDArray[np.float64]:
    """DS2's long-tail score of each candidate, 0 to 0.47: the farther its nearest others are, the higher."""
    mean = found.distances.mean(axis=1) if found.distances.shape[1] else np.ones(len(found.distances))
    score: npt.NDArray[np.float64] = 2 / (1 + np.exp(-mean)) - 1
    return score
