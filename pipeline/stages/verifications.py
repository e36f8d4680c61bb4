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

from collections.abc import Iterator, Set
from itertools import groupby
from typing import Any

import luigi

from pipeline.project.sandboxes import open_pool
from pipeline.records import instruction_of
from pipeline.stages.executions import Executions
from pipeline.stages.reruns import Reruns
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.verified import programs, verified
from pipeline.verification import job
from sandbox.falsification import Claim

UNVERIFIED: dict[str, Any] = {
    "asserts": None, "functions": None, "mutants": None, "killed": None,
    "agrees": [], "supports": [], "asked": 0, "inputs": None, "behaviour": None,
}  # fmt: skip


class Verifications(ShardTask):
    """A shard of the verifications stage."""

    stage, version = "verifications", 3
    follows = Executions
    rules = job.RULES

    def requires(self) -> luigi.Task:
        return self.after(Reruns if self.project.settings.repairs.samples else self.follows)

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
            yield from verified(pool, programs(self._groups(), to_run, section, claims), claims)

    def _groups(self) -> Iterator[list[dict[str, Any]]]:
        """The responses of each instruction."""
        responses = self.records_of("responses")
        for _, group in groupby(responses, key=lambda record: record["instruction_id"]):
            yield list(group)
