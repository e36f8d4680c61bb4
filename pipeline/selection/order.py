"""In which order the selection judges a batch of candidates: the better ones first, by `[selection] choose` and `then`.

    best       agreement, then the share of mutants that the tests kill, then brevity
    verified   the same without brevity
    shortest   brevity
    curated    the model's rating, corrected by those of similar candidates (curation.py)
    random     nothing

Equals come in an order by hash, or with `then = rare` those first that resemble the others least (neighbours.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.records import RATINGS, Candidate
from pipeline.selection.curation import curated
from pipeline.selection.neighbours import features, nearest, rarity
from pipeline.text.hashing import rank
from pipeline.text.numeric import np

Key = tuple[Any, ...]
CURATED, RARE = "curated", "rare"


class Order:
    """The sort keys of a batch's candidates, which are added one by one."""

    def __init__(self, choose: str, then: str) -> None:
        self._quality, self._tie = _QUALITIES[choose], _TIES.get(choose, _by_hash)
        self._is_curated, self._is_rare = choose == CURATED, then == RARE
        self._keys: list[Key] = []
        self._ties: list[Key] = []
        self._bags: list[frozenset[str]] = []
        self._instructions: list[str] = []
        self._ratings: list[int | None] = []

    def add(self, candidate: Candidate) -> None:
        """Add the next candidate."""
        self._keys.append(self._quality(candidate))
        self._ties.append(self._tie(candidate))
        if self._is_curated or self._is_rare:
            self._instructions.append(candidate["instruction"]["id"])
            self._bags.append(features(candidate["instruction"]["instruction"], candidate["response"]["code"]))
        if self._is_curated:
            self._ratings.append(candidate.get("rating"))

    def keys(self) -> list[Key]:
        """The sort key of each candidate, in the order in which they were added: the least comes first."""
        if not self._bags:
            return [(*key, *tie) for key, tie in zip(self._keys, self._ties, strict=True)]
        found = nearest(self._bags, self._instructions)
        rare = [-round(float(score), 6) for score in rarity(found)] if self._is_rare else [0.0] * len(self._bags)
        rated = self._curated() if self._is_curated else [0] * len(self._bags)
        return [
            (-rating, *key, *((score, *tie[-1:]) if self._is_rare else tie))
            for rating, key, score, tie in zip(rated, self._keys, rare, self._ties, strict=True)
        ]

    def _curated(self) -> list[int]:
        """The curated rating of each candidate; -1 for one that was not rated."""
        places = [place for place, rating in enumerate(self._ratings) if rating is not None]
        result = [-1] * len(self._ratings)
        if places:
            ratings = np.array([self._ratings[place] for place in places], np.int64)
            bags = [self._bags[place] for place in places]
            found = nearest(bags, [self._instructions[place] for place in places])
            better = curated(ratings, found, RATINGS)
            for place, rating in zip(places, better, strict=True):
                result[place] = int(rating)
        return result


def _by_verification(candidate: Candidate) -> Key:
    verification = candidate["verification"]
    strength = (verification["killed"] or 0) / (verification["mutants"] or 1)
    return -verification["agreement"], -strength


def _by_length(candidate: Candidate) -> Key:
    return (len(candidate["response"]["response"]), candidate["id"])


def _by_hash(candidate: Candidate) -> Key:
    """A random order, the same in every run."""
    return (rank(candidate["id"]),)


def _equal(_: Candidate) -> Key:
    return ()


def _shortness(candidate: Candidate) -> Key:
    return (len(candidate["response"]["response"]),)


_QUALITIES: dict[str, Callable[[Candidate], Key]] = {
    "best": _by_verification,
    "verified": _by_verification,
    "random": _equal,
    "shortest": _shortness,
    CURATED: _equal,
}
_TIES: dict[str, Callable[[Candidate], Key]] = {
    "best": _by_length,
    "shortest": lambda candidate: (candidate["id"],),
}
