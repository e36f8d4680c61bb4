"""Runs verification programs: the outcome of each response, its pass falsified.

In: the responses to an instruction, and which of them to verify. Out: outcomes, each a verification's record or the
rule that the tests break. The stage `verifications` makes its records of them; adaptive samples are stopped by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from pipeline.config import sections
from pipeline.records import Rejection, Verification
from pipeline.stages.stage import Outcome, Outcomes
from pipeline.verification import job
from sandbox import Pool, Program, Result
from sandbox.falsification import Claim, Falsification, run_growing


def programs(
    groups: Iterable[Sequence[Mapping[str, Any]]],
    ids: Set[str],
    section: sections.verification,
    claims: dict[str, Claim],
) -> Iterator[Program]:
    """The programs of the responses with these ids; a group has all responses to one instruction.

    `claims` gets what each claims whose program is in flight.
    """
    bounds = job.Bounds(
        section.max_mutants,
        section.max_others,
        section.repeats,
        section.hash_seeds,
        section.timeout,
    )
    for group in groups:
        for record in group:
            if record["id"] not in ids:
                continue
            others = [
                job.Other(other["id"], other["code"], other["tests"]) for other in group if other["id"] != record["id"]
            ]
            claims[record["id"]] = Claim(record["id"], record["code"], record["tests"])
            text = job.program(record["id"], record["code"], record["tests"], others, bounds)
            yield Program(record["id"], text)


def verified(pool: Pool, programs: Iterable[Program], claims: dict[str, Claim]) -> Outcomes:
    """The outcome of each verification program; what these keep is falsified. `claims` is emptied meanwhile."""
    falsification = Falsification()
    kept: dict[str, Outcome] = {}
    for result in run_growing(pool, programs, falsification.waiting):
        if not falsification.is_mine(result):
            claim = claims.pop(result.id)
            spent = {"verifications": 1, "wall_s": result.wall_s, "cpu_s": result.cpu_s}
            outcome = Outcome(claim.id, verification(result, claim.code), spent)
            if not outcome.is_kept:
                yield outcome
                continue
            kept[claim.id] = outcome
            falsified = falsification.begin(claim)
        else:
            falsified = falsification.take(result)
        if falsified is not None:
            outcome = kept.pop(falsified.id)
            spent = {
                "verifications": 1,
                "wall_s": outcome.spent["wall_s"] + falsified.wall_s,
                "cpu_s": outcome.spent["cpu_s"] + falsified.cpu_s,
            }
            yield Outcome(falsified.id, job.falsity(falsified) or outcome.result, spent)


def verification(result: Result, code: str) -> Verification | Rejection:
    """The record of a verification program's result, or the rule that the tests break."""
    report = job.read_report(result.id, result.stdout)
    if report is None:
        return Rejection("not_verified", f"{result.status}: {result.detail}"[:200])
    return job.weakness(report, code) or job.facts(result.id, report)
