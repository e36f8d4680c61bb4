"""The records of a shard as they stand in the end: repaired responses, and their verdicts, in place of the attempts.

In: the artifacts of a recipe, the name of a stage. Out: its records, each with the fields that a later stage of the
recipe puts in their place. Where nothing is repaired they are the stage's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from targets import Artifacts

# By stage, the later one whose records replace its fields.
_REPLACED_BY = {"responses": "repairs", "executions": "reruns"}


def read(artifacts: Artifacts, stage: str, number: int) -> Iterator[dict[str, Any]]:
    """The records of a stage's shard, in order of id. Raises Damaged for a file not as published."""
    later, records = _REPLACED_BY.get(stage), artifacts.shard(stage, number).read()
    if later not in artifacts.stages:
        return records
    changed = {record["id"]: record for record in artifacts.shard(later, number).read() if "verdict" not in record}
    return ({**record, **changed.get(record["id"], {})} for record in records)


def repaired(artifacts: Artifacts, number: int) -> set[str]:
    """The ids of the responses of a shard that repairs have replaced."""
    if "repairs" not in artifacts.stages:
        return set()
    return {record["id"] for record in artifacts.shard("repairs", number).read() if "response" in record}
