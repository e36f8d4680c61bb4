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
    assert {weights(even).of(each) for each in even} == {1.0}
    rows = [row(category="common")] * 8 + [row(category="rare")]
    assert weights(rows).of(rows[-1]) > 1 > weights(rows).of(rows[0])


def test_the_mean_of_the_weights_is_one():
    rows = [
        *([row(["lists", "sorting"], "function", "easy")] * 40),
        *([row(["sets"], "class", "hard")] * 7),
        *([row([f"rare {number}"], "program", "medium") for number in range(5)]),
    ]
    each = [weights(rows).of(one) for one in rows]
    assert sum(each) / len(each) == pytest.approx(1.0, abs=1e-3)
    assert max(each) > 2 > 0.8 > min(each)


def weights(rows):
    return Weights(lambda: rows)
