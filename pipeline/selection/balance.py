"""Evens a dataset out over concepts, categories and difficulties: caps during the selection, weights after it.

A row belongs to one value of each of three aspects: the cluster of each of its concepts, its category, and
its difficulty as measured. Concepts are one cluster when they have the same words after stemming and after
near-synonyms are brought together ("list slicing", "slices of lists").
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeline.decontamination.vocabulary import content_words
from pipeline.records import Selected

ASPECTS = ("concept", "category", "difficulty")
# Shares of passing samples below which an instruction counts as hard, and as medium.
_HARD, _MEDIUM = 1 / 3, 2 / 3


def measured_difficulty(passed: int, samples: int) -> str:
    """hard, medium or easy, by the share of the instruction's samples that passed."""
    share = passed / samples
    return "hard" if share < _HARD else "medium" if share < _MEDIUM else "easy"


def cluster(concept: str) -> str:
    """The name of a concept's cluster."""
    return " ".join(sorted(set(content_words(concept)))) or concept.strip().lower()


def values(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (aspect, value) pairs that a row belongs to."""
    clusters = sorted({cluster(concept) for concept in row["concepts"]})
    return [
        *(("concept", name) for name in clusters),
        ("category", row["category"]),
        ("difficulty", row["measured_difficulty"]),
    ]


class Caps:
    """At most so many rows of one value of an aspect; 0 is no limit."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = {aspect: limit for aspect, limit in limits.items() if limit}
        self._counts: Counter[tuple[str, str]] = Counter()

    def full(self, row: Selected) -> str | None:
        """The evidence that one of the row's values has as many rows as it may; None if none has."""
        for aspect, value in values(row) if self._limits else ():
            if self._counts[aspect, value] >= self._limits.get(aspect, self._counts.total() + 1):
                return f"{aspect} {value}: {self._limits[aspect]} rows are taken"
        return None

    def add(self, row: Selected) -> None:
        if self._limits:
            self._counts.update(values(row))


class Weights:
    """Sampling weights that even a dataset out, with a mean of 1.

    A row's share is, for each aspect, one over the size of its value (of its largest concept cluster), multiplied, to
    the power 1/3; its weight is this share over the mean share of all rows.
    """

    def __init__(self, rows: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        """`rows` gives all rows from the first to the last; it is called twice."""
        self._sizes: Counter[tuple[str, str]] = Counter()
        for row in rows():
            self._sizes.update(values(row))
        total = count = 0.0
        for row in rows():
            total += self._share(row)
            count += 1
        self._mean = total / count if count else 1.0

    def of(self, row: Mapping[str, Any]) -> float:
        """The weight of one of the rows, rounded to four digits."""
        return round(self._share(row) / self._mean, 4)

    def _share(self, row: Mapping[str, Any]) -> float:
        largest: dict[str, int] = {}
        for aspect, value in values(row):
            largest[aspect] = max(largest.get(aspect, 0), self._sizes[aspect, value])
        return float(math.prod(largest.values()) ** (-1 / len(ASPECTS)))
