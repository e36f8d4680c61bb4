"""How many threads training takes beside other programs."""

from __future__ import annotations

import pytest

from pipeline.demo import spare_threads as spare


@pytest.mark.parametrize(("others", "most", "threads"), [(0, 2, 2), (1, 2, 1), (5, 2, 1), (1, 8, 7), (0, 1, 1)])
def test_cores_that_others_use_are_left_to_them(
    others: int, most: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "_others_running", lambda: others)
    assert spare.spare_threads(most) == threads
