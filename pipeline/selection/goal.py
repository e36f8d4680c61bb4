"""How many shards give the rows that `[selection] rows` wants: the fewest, in their order.

Which shards these are follows from the candidates of the earlier ones alone. So a run that was interrupted takes the
same shards, and a larger number only adds to those of a smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from pipeline.records import Candidate, Rejection
from pipeline.selection.selector import Selector


class RowGoal:
    """Counts the rows that the first shards give, up to `wanted`.

    `open_selector` gives the selection's selector, `read` the candidates of a shard. `together`: the selection judges
    all shards at once, so that all are judged again with each further one.
    """

    def __init__(
        self,
        wanted: int,
        open_selector: Callable[[], Selector],
        read: Callable[[int], Iterable[Candidate]],
        together: bool,
    ) -> None:
        self.wanted = wanted
        self.shards: list[int] = []
        self.rows = 0
        self._most = 0  # rows of one shard
        self._open_selector = open_selector
        self._selector = open_selector()
        self._read = read
        self._together = together

    @property
    def is_reached(self) -> bool:
        return self.rows >= self.wanted

    def add(self, shard: int) -> None:
        """Count the rows of the next shard."""
        self.shards.append(shard)
        before = self.rows
        if self._together:
            candidates = chain.from_iterable(self._read(number) for number in self.shards)
            self.rows = _rows(self._open_selector(), candidates)
        else:
            self.rows += _rows(self._selector, self._read(shard))
        self._most = max(self._most, self.rows - before)

    @property
    def foreseen(self) -> int:
        """Further shards that are needed if each gives as many rows as the best one so far; at least 1."""
        missing = max(self.wanted - self.rows, 1)
        return -(-missing // self._most) if self._most else 1


def _rows(selector: Selector, candidates: Iterable[Candidate]) -> int:
    return sum(not isinstance(fate.outcome, Rejection) for fate in selector.judge(candidates))
