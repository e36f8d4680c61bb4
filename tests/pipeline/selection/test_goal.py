"""How many shards a number of rows takes: the fewest, in their order."""

from __future__ import annotations

import pytest

from pipeline.records import Rejection
from pipeline.selection.goal import RowGoal
from pipeline.selection.selector import Fate

ROWS = {0: 3, 1: 0, 2: 5, 3: 4}  # by shard


class Counting:
    """A selector that takes each candidate whose number is not odd."""

    def judge(self, batch):
        for number in batch:
            yield Fate(str(number), Rejection("not_chosen", "") if number % 2 else {})


def goal(wanted: int, together: bool = False) -> RowGoal:
    return RowGoal(wanted, Counting, lambda shard: range(2 * ROWS[shard]), together)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("wanted", "shards"), [(1, [0]), (3, [0]), (4, [0, 1, 2]), (8, [0, 1, 2]), (9, [0, 1, 2, 3])])
def test_the_fewest_shards_are_taken(wanted, shards, together):
    counted = goal(wanted, together)
    for shard in ROWS:
        if not counted.is_reached:
            counted.add(shard)
    assert counted.shards == shards


def test_as_many_are_foreseen_as_the_best_one_makes_necessary():
    counted = goal(40)
    assert counted.foreseen == 1
    counted.add(0)
    assert counted.foreseen == 13
    counted.add(1)
    counted.add(2)
    assert counted.foreseen == 7
