"""Stage 6, verifications: whether the tests that a response passed mean anything.

In: a shard of executions, with its responses. Out: records {id, asserts (executed), functions (of the response,
called by the tests), mutants, killed, agrees (ids of the other responses of its instruction whose tests it
passes), asked (how many others' tests it was run with)}. Rejected: flaky_tests, tests_redefine,
response_not_called, no_assert_ran, vacuous_tests; not_verified when the sandbox could not say.

One sandboxed program a response does all of it (verification/harness.py). A response that did not pass is data
and is kept; it is not run again, nor is any with `[verification] enabled = false`: asserts and the like are null.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from typing import Any

import luigi

from pipeline.project import session
from pipeline.records import Rejection
from pipeline.stages.base import ShardTask
from pipeline.stages.executions import Executions, open_pool
from pipeline.verification import job
from pipeline.verification.agreement import agreement
from sandbox import Program, Result
from targets import Finished

UNVERIFIED: dict[str, Any] = {
    "asserts": None, "functions": None, "mutants": None, "killed": None, "agrees": [], "asked": 0,
}  # fmt: skip


class Verifications(ShardTask):
    """A shard of the verifications stage."""

    stage = "verifications"

    def requires(self) -> luigi.Task:
        return self.clone(Executions)

    def run(self) -> None:
        run = session.current()
        section = run.settings.verification
        began = time.monotonic()
        total = self.input_paths("executions").read_meta()["kept"]
        passed = {
            record["id"]: record["passed"] for record in self.input_paths("executions").read()
        }
        with (
            suppress(Finished),
            self.open_writer() as writer,
            run.reporter.stage(self.stage, total, self.shard, resumed=writer.resumed) as ticker,
        ):
            pending = passed.keys() - writer.done
            programs = {id for id in pending if passed[id] and section.enabled}
            for id in pending - programs:
                writer.keep(id, {"id": id, **UNVERIFIED})
                ticker.advance(True)
            if programs:
                codes: dict[str, str] = {}
                with open_pool(run, section.timeout) as pool:
                    for result in pool.run_many(self._programs(programs, codes)):
                        found = outcome(result, codes.pop(result.id))
                        spent = {"verifications": 1, "wall_s": result.wall_s, "cpu_s": result.cpu_s}
                        if isinstance(found, Rejection):
                            writer.reject(result.id, found.rule, found.evidence, spent)
                        else:
                            writer.keep(result.id, found, spent)
                        ticker.advance(not isinstance(found, Rejection))
            seconds = round(time.monotonic() - began, 3)
            writer.publish({"seconds": seconds, "resumed": writer.resumed})

    def _programs(self, wanted: set[str], codes: dict[str, str]) -> Iterator[Program]:
        """The programs of the wanted responses; `codes` gets the code of each that is under way."""
        section = session.current().settings.verification
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
                if record["id"] in wanted:
                    others = [
                        job.Other(other["id"], other["code"], other["tests"])
                        for other in of_instruction
                        if other["id"] != record["id"]
                    ]
                    codes[record["id"]] = record["code"]
                    yield Program(
                        record["id"],
                        job.program(record["id"], record["code"], record["tests"], others, bounds),
                    )


def outcome(result: Result, code: str) -> dict[str, Any] | Rejection:
    """The record of a verification program's result, or the rule that the tests break."""
    report = job.read_report(result.id, result.stdout)
    if report is None:
        return Rejection("not_verified", f"{result.status}: {result.detail}"[:200])
    return job.weakness(report, code) or job.facts(result.id, report)


def read_joined(run: session.Session, shard: int) -> Iterator[dict[str, Any]]:
    """Each response of a shard that is in no benchmark, with its verdict, instruction, seed, verification and agreement, and the
    counts of its instruction's samples, in order of id."""
    seeds = {record["id"]: record for record in run.shard("seeds", shard).read()}
    instructions = {record["id"]: record for record in run.shard("instructions", shard).read()}
    verified = {record["id"]: record for record in run.shard("verifications", shard).read()}
    verdicts = {record["id"]: record for record in run.shard("executions", shard).read()}
    samples: dict[str, dict[str, int]] = {}
    for record in verdicts.values():
        counts = samples.setdefault(record["id"].rpartition("-")[0], {"n": 0, "passed": 0})
        counts["n"] += 1
        counts["passed"] += record["passed"]
    clean = {record["id"] for record in run.shard("decontamination", shard).read()}
    responses = run.shard("responses", shard).read()
    for instruction, group in groupby(responses, key=lambda record: record["instruction_id"]):
        of_instruction = {record["id"]: record for record in group if record["id"] in verified}
        agreeing = agreement({id: verified[id] for id in of_instruction if verdicts[id]["passed"]})
        for id, response in of_instruction.items():
            if id not in clean:
                continue
            yield {
                "id": id,
                "response": response,
                "verdict": verdicts[id],
                "instruction": instructions[instruction],
                "seed": seeds[instruction],
                "samples": samples[instruction],
                "verification": {**verified[id], "agreement": agreeing.get(id, 0.0)},
            }
