"""Dual execution agreement (CodeT, arXiv 2207.10397): the more responses agree, the more each is trusted.

Responses of one instruction that pass the same tests agree. A group's score is its size times the number of
tests that it passes, so that neither many wrong answers with few tests passed nor one lenient answer wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pipeline.records import Verification


def agreement(verified: Mapping[str, Verification]) -> dict[str, float]:
    """The score of each response of an instruction, from 0 to 1: all responses pass all tests.

    `verified` are records of the verifications: `agrees` has the ids of the other responses whose tests
    this one passes, out of `asked` whose tests it was run with; it passes its own as well.
    """
    passes = {id: frozenset((id, *record["agrees"])) for id, record in verified.items()}
    groups = Counter(passes.values())
    return {
        id: round(groups[passes[id]] * len(passes[id]) / (len(passes) * (record["asked"] + 1)), 4)
        for id, record in verified.items()
    }
