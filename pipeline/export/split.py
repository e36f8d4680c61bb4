"""Which rows an export takes: by the files that their seeds stand in, and by how many of their samples passed.

A split is by files, so that no file gives rows to both sides. A file is on the same side in every export: which one
follows from a hash of its repository, or else its source, and its path. So the sides of a dataset that grows stay
disjoint from those of earlier exports with the same share.
"""

from __future__ import annotations

from pipeline.dataset.finished import FinishedDataset
from pipeline.records import Row
from pipeline.text.hashing import number

TRAIN, TEST = SPLITS = ("train", "test")
EVERY_RATE = (0.0, 1.0)


def split(dataset: FinishedDataset, part: str, test_share: float) -> FinishedDataset:
    """The rows of a dataset that are in one of SPLITS; `test_share` is the share of files in `test`, from 0 to 1."""
    if part == TRAIN and not test_share:
        return dataset
    return dataset.only(lambda row: side(row, test_share) == part)


def side(row: Row, test_share: float) -> str:
    """The split that a row is in."""
    seed = row["seed"]
    # Of `git:`, `commits:` and a folder the same files may be read.
    source = seed["source"].removeprefix("git:").removeprefix("commits:").partition("@")[0]
    return TEST if number("split", seed.get("repository") or source, seed["path"]) < test_share * 2**64 else TRAIN


def pass_rate(row: Row) -> float:
    """The share of the samples of the row's instruction that passed their tests, 0 to 1."""
    return row["samples"]["passed"] / row["samples"]["n"]


def within(dataset: FinishedDataset, rates: tuple[float, float]) -> FinishedDataset:
    """The rows whose pass rate is in a range, both ends included."""
    low, high = rates
    return dataset if rates == EVERY_RATE else dataset.only(lambda row: low <= pass_rate(row) <= high)
