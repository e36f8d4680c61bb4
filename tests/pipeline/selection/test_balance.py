"""Caps while rows are taken, weights afterwards."""

import pytest

from pipeline.selection.balance import Weights, cluster, measured_difficulty


def row(concepts=("lists",), category="function", difficulty="easy"):
    return {
        "concepts": list(concepts), "category": category, "measured_difficulty": difficulty,
    }  # fmt: skip


@pytest.mark.parametrize(("passed", "said"), [(0, "hard"), (1, "hard"), (2, "medium"), (3, "easy")])
def test_difficulty_is_the_share_of_passing_samples(passed, said):
    assert measured_difficulty(passed, 4) == said


def test_concepts_in_other_words_are_one_cluster():
    assert cluster("sorting lists") == cluster("list sort") != cluster("sorting sets")


def test_rare_rows_weigh_more_and_an_even_dataset_weighs_one():
    even = [row(category=name) for name in "ab"]
    assert {Weights(even).of(each) for each in even} == {1.0}
    rows = [row(category="common")] * 8 + [row(category="rare")]
    weights = Weights(rows)
    assert weights.of(rows[-1]) > 1 > weights.of(rows[0])
