"""Stage 6, verifications: whether the tests that a response passed mean anything.

In: a shard of executions, with its responses. Out: records {id, asserts (executed), functions (of the response,
called by the tests), mutants, killed, agrees (ids of the other responses of its instruction whose tests it
passes), supports (of those whose code passes its tests), asked (with how many others it was compared), inputs,
behaviour}. Rejected: flaky_tests, tests_redefine, response_not_called, no_assert_ran, vacuous_tests,
passes_when_wrong; not_verified when the sandbox could not judge.

One sandboxed program a response does most of it (pipeline/verification/inside/harness.py). A response could forge
its report, so what is kept by it is falsified in programs of their own (sandbox/falsification.py). A response that
did not pass is data and is kept; it is not run again, nor is any with `[verification] enabled = false`: asserts and the
like are null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import groupby
from typing import Any

from pipeline.project.sandboxes import open_pool
from pipeline.records import Rejection, Verification, instruction_of
from pipeline.stages.executions import Executions
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.verification import job
from sandbox import Pool, Program, Result
from sandbox.falsification import Claim, Falsification, run_growing

UNVERIFIED: dict[str, Any] = {
    "asserts": None, "functions": None, "mutants": None, "killed": None,
    "agrees": [], "supports": [], "asked": 0, "inputs": None, "behaviour": None,
}  # fmt: skip


class Verifications(ShardTask):
    """A shard of the verifications stage."""

    stage, version = "verifications", 3
    follows = Executions
    rules = job.RULES

    def ingredients(self) -> dict[str, Any]:
        section = self.project.settings.verification
        return {key: getattr(section, key) for key, _ in section.get_params()}

    def depends_on(self, unit: str, records: Set[str]) -> bool:
        """A response is verified with the tests of all responses of its instruction."""
        return instruction_of(unit) in {instruction_of(record) for record in records}

    def outcomes(self, done: Set[str]) -> Outcomes:
        section = self.project.settings.verification
        to_run = set()
        for verdict in self.kept_of("executions"):
            if verdict["id"] in done:
                continue
            if verdict["passed"] and section.enabled:
                to_run.add(verdict["id"])
            else:
                yield Outcome(verdict["id"], {"id": verdict["id"], **UNVERIFIED})
        if not to_run:
            return
        claims: dict[str, Claim] = {}
        with open_pool(self.project, self.reporter.say, section.timeout) as pool:
            yield from verified(pool, self._programs(to_run, claims), claims)

    def _programs(self, ids: Set[str], claims: dict[str, Claim]) -> Iterator[Program]:
        """The programs of these responses; `claims` gets what each claims whose program is in flight."""
        section = self.project.settings.verification
        bounds = job.Bounds(
            section.max_mutants,
            section.max_others,
            section.repeats,
            section.hash_seeds,
            section.timeout,
        )
        responses = self.input_paths("responses").read()
        for _, group in groupby(responses, key=lambda record: record["instruction_id"]):
            of_instruction = list(group)
            for record in of_instruction:
                if record["id"] not in ids:
                    continue
                others = [
                    job.Other(other["id"], other["code"], other["tests"])
                    for other in of_instruction
                    if other["id"] != record["id"]
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
