"""The monologues on the rows of a dataset: monologues.jsonl.

In: the shards of the stage monologues, and the selection. Out: rows one at a time, in the order of shards. A monologue
is under the licence of its row, and left out where what the code returned looks like a secret or personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from pipeline.records import MonologueRow, Told
from pipeline.text import private
from targets import Artifacts, ShardPaths

STAGE = "monologues"
FILE = "monologues.jsonl"


def has_monologues(artifacts: Artifacts) -> bool:
    """Whether the rows of a selection were traced."""
    return STAGE in artifacts.stages


def shards_of(artifacts: Artifacts, selected: ShardPaths) -> tuple[ShardPaths, ...]:
    """The shards of monologues that a selection was made from; `artifacts` hold its stages."""
    return tuple(artifacts.shard(STAGE, number) for number in selected.read_meta()["shards"])


def read_monologues(shards: Sequence[ShardPaths], selected: ShardPaths) -> Iterator[MonologueRow]:
    """The monologues on the rows of a selection."""
    licences = {row["id"]: row["seed"]["licence"] for row in selected.read()}
    for shard in shards:
        for record in shard.read():
            if record["id"] in licences:
                yield from _rows(cast(Told, record), licences[record["id"]])


def _rows(told: Told, licence: str | None) -> Iterator[MonologueRow]:
    for number, monologue in enumerate(told["monologues"] or ()):
        if private.rule_of(f"{monologue['question']}\n{monologue['answer']}") is None:
            yield {
                "id": f"{told['id']}-m{number:02d}",
                "row": told["id"],
                "form": monologue["form"],
                "instruction": monologue["question"],
                "response": monologue["answer"],
                "call": monologue["call"],
                "value": monologue["value"],
                "licence": licence,
            }
