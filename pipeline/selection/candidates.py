"""The candidates of the selection: each response of a shard with all that the stages have on it.

In: the shards of one number, of all stages from the seeds on. Out: a record for each response that is verified and
that the last stage kept, in order of id; a response that did not pass is one as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pipeline import joined
from pipeline.records import Candidate, Response, RowAttempt, Samples, Verdict, instruction_of
from pipeline.verification.agreement import agreement
from targets import Artifacts, ShardPaths


def read_joined(artifacts: Artifacts, shard: int) -> Iterator[Candidate]:
    """The candidates of a shard; `artifacts` is of the last stage. Raises Damaged for a file not as published."""
    seeds = _by_id(artifacts.shard("seeds", shard))
    instructions = _by_id(artifacts.shard("instructions", shard))
    verifications = _by_id(artifacts.shard("verifications", shard))
    tried = _by_id(artifacts.shard("executions", shard))
    repaired = joined.repaired(artifacts, shard)
    verdicts = tried | (_by_id(artifacts.shard("reruns", shard)) if repaired else {})
    samples: dict[str, Samples] = {}
    for verdict in tried.values():
        counts = samples.setdefault(instruction_of(verdict["id"]), {"n": 0, "passed": 0})
        counts["n"] += 1
        counts["passed"] += verdict["passed"]
    ratings = _by_id(artifacts.shard("ratings", shard)) if "ratings" in artifacts.stages else None
    kept = {record["id"] for record in artifacts.shard(artifacts.recipe.stage, shard).read()}
    for response in joined.read(artifacts, "responses", shard):
        id, instruction = response["id"], response["instruction_id"]
        if id in kept and id in verifications:
            candidate: Candidate = {
                "id": id,
                "response": cast(Response, response),
                "verdict": cast(Verdict, verdicts[id]),
                "instruction": instructions[instruction],
                "seed": seeds[instruction],
                "partner": seeds.get(instructions[instruction].get("partner")),
                "samples": samples[instruction],
                "verification": {**verifications[id], "agreement": agreement(verifications[id])},
            }
            if ratings is not None:
                candidate["rating"] = ratings[id]["rating"]
            if "repairs" in artifacts.stages:
                candidate["attempt"] = _attempt(tried[id]) if id in repaired else None
            yield candidate


def _attempt(verdict: Mapping[str, Any]) -> RowAttempt:
    return {"id": verdict["id"], "status": verdict["status"], "detail": verdict["detail"]}


def _by_id(shard: ShardPaths) -> dict[str, Any]:
    return {record["id"]: record for record in shard.read()}
