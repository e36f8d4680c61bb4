"""The candidates of the selection: each response of a shard with all that the stages have on it.

In: the shards of one number, of all stages from the seeds on. Out: a record for each response that is verified and
that the last stage kept, in order of id; a response that did not pass is one as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pipeline.records import Candidate, Samples, instruction_of
from pipeline.verification.agreement import agreement
from targets import Artifacts, ShardPaths


def read_joined(artifacts: Artifacts, shard: int) -> Iterator[Candidate]:
    """The candidates of a shard; `artifacts` is of the last stage. Raises Damaged for a file not as published."""
    seeds = _by_id(artifacts.shard("seeds", shard))
    instructions = _by_id(artifacts.shard("instructions", shard))
    verifications = _by_id(artifacts.shard("verifications", shard))
    verdicts = _by_id(artifacts.shard("executions", shard))
    samples: dict[str, Samples] = {}
    for verdict in verdicts.values():
        counts = samples.setdefault(instruction_of(verdict["id"]), {"n": 0, "passed": 0})
        counts["n"] += 1
        counts["passed"] += verdict["passed"]
    kept = {record["id"] for record in artifacts.shard(artifacts.recipe.stage, shard).read()}
    responses = artifacts.shard("responses", shard).read()
    for instruction, group in groupby(responses, key=lambda record: record["instruction_id"]):
        verified: dict[str, Any] = {response["id"]: response for response in group if response["id"] in verifications}
        agreements = agreement({id: verifications[id] for id in verified if verdicts[id]["passed"]})
        for id, response in verified.items():
            if id not in kept:
                continue
            yield {
                "id": id,
                "response": response,
                "verdict": verdicts[id],
                "instruction": instructions[instruction],
                "seed": seeds[instruction],
                "samples": samples[instruction],
                "verification": {**verifications[id], "agreement": agreements.get(id, 0.0)},
            }


def _by_id(shard: ShardPaths) -> dict[str, Any]:
    return {record["id"]: record for record in shard.read()}
