"""Concepts of two seeds brought together, for tasks that neither of them would give.

In: the records of a shard of concepts, `[instructions] mix`. Out: the same, and of the drawn ones the first halves of
their own concepts and of a partner's, with the partner's id. Who is drawn and who is its partner follows from hashes of
ids within the shard, so that new code changes nothing for earlier seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.text.hashing import number


def is_mixed(id: str, share: float) -> bool:
    """Whether a record is in the share of those, 0 to 1, that get concepts of a partner."""
    return number("mix", id) < share * 2**64


def mixed(records: Sequence[dict[str, Any]], share: float) -> Iterator[dict[str, Any]]:
    """The records of a shard, the drawn ones with `concepts` of two seeds and the `partner`."""
    for place, record in enumerate(records):
        if len(records) < 2 or not is_mixed(record["id"], share):
            yield record
            continue
        other = number("partner", record["id"]) % (len(records) - 1)
        partner = records[other + (other >= place)]
        concepts = together(record["concepts"], partner["concepts"])
        yield {**record, "concepts": concepts, "partner": partner["id"]}


def together(own: Sequence[str], others: Sequence[str]) -> list[str]:
    """The first halves of two lists of concepts, which begin with the most characteristic ones; each concept once."""
    chosen = [*own[: (len(own) + 1) // 2], *others[: (len(others) + 1) // 2]]
    return list({concept.casefold(): concept for concept in reversed(chosen)}.values())[::-1]
