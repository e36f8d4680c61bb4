"""Stage 7, decontamination: every row that could be, and its seed, is compared with the benchmark packs.

In: a shard of verifications with its responses, instructions and seeds; the packs of `[decontamination]`. Out:
records {id, suspects (tasks that were run against the response and did not pass)}. Rejected, with every
task, layer and what was seen as evidence: contaminated (the row holds a task), contaminated_seed (its seed
does). Rows that resemble a task too little to say so are run under the task's own tests in the sandbox.

What is counted (`spent`): rows found, by pack and layer as "pack/layer". Without packs every row is kept.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress

import luigi

from pipeline.decontamination.confirmation import confirmation_programs
from pipeline.decontamination.decontaminator import Finding, Suspect
from pipeline.project import session
from pipeline.stages.base import ShardTask
from pipeline.stages.executions import open_pool
from pipeline.stages.verifications import Verifications
from sandbox import Program
from targets import Finished

_SHOWN = 5  # findings that the evidence names


class Decontamination(ShardTask):
    """A shard of the decontamination stage."""

    stage = "decontamination"

    def requires(self) -> luigi.Task:
        return self.clone(Verifications)

    def run(self) -> None:
        run = session.current()
        began = time.monotonic()
        total = self.input_paths("verifications").read_meta()["kept"]
        with (
            suppress(Finished),
            self.open_writer() as writer,
            run.reporter.stage(self.stage, total, self.shard, resumed=writer.resumed) as ticker,
        ):
            suspected: dict[str, list[Suspect]] = {}
            codes: dict[str, str] = {}
            for id, code, rule, findings, suspects in self._checked(writer.done):
                if rule:
                    writer.reject(id, rule, evidence(findings), counted(findings))
                elif suspects:
                    suspected[id], codes[id] = suspects, code
                    continue
                else:
                    writer.keep(id, {"id": id, "suspects": []})
                ticker.advance(not rule)
            for id, findings, spent in self._executed(suspected, codes):
                if findings:
                    spent = {**spent, **counted(findings)}
                    writer.reject(id, "contaminated", evidence(findings), spent)
                else:
                    tasks = [suspect.task.name for suspect in suspected[id]]
                    writer.keep(id, {"id": id, "suspects": tasks}, spent)
                ticker.advance(not findings)
            seconds = round(time.monotonic() - began, 3)
            writer.publish({"seconds": seconds, "resumed": writer.resumed})

    def _checked(
        self, done: set[str]
    ) -> Iterator[tuple[str, str, str, list[Finding], list[Suspect]]]:
        """(id, code, rule, findings, suspects) for every row that is not done; rule "" when nothing is found."""
        run = session.current()
        checker = run.decontaminator
        seeds = {record["id"]: record["code"] for record in self.input_paths("seeds").read()}
        instructions = {
            record["id"]: record["instruction"]
            for record in self.input_paths("instructions").read()
        }
        verified = {record["id"] for record in self.input_paths("verifications").read()}
        of_seeds: dict[str, list[Finding]] = {}
        for record in self.input_paths("responses").read():
            id, group, code = record["id"], record["instruction_id"], record["code"]
            if id not in verified or id in done:
                continue
            if checker is None:
                yield id, code, "", [], []
                continue
            if group not in of_seeds:
                of_seeds[group] = checker.check_code(seeds[group])
            if of_seeds[group]:
                yield id, code, "contaminated_seed", of_seeds[group], []
                continue
            findings, suspects = checker.examine(instructions[group], record["response"], code)
            if not run.settings.decontamination.execute:
                suspects = []
            yield id, code, "contaminated" if findings else "", findings, suspects

    def _executed(
        self, suspected: dict[str, list[Suspect]], codes: dict[str, str]
    ) -> Iterator[tuple[str, list[Finding], dict[str, float]]]:
        """(id, findings, spent) for every suspected row, once its code was run under the tasks' tests."""
        programs: dict[str, tuple[str, Suspect]] = {}
        sources: list[Program] = []
        for id, suspects in suspected.items():
            for suspect in suspects:
                for source in confirmation_programs(suspect.task, codes[id]):
                    name = f"{id} {len(sources)}"
                    programs[name] = (id, suspect)
                    sources.append(Program(name, source))
        found: dict[str, list[Finding]] = {id: [] for id in suspected}
        spent: dict[str, dict[str, float]] = {id: defaultdict(float) for id in suspected}
        if sources:
            with open_pool(session.current()) as pool:
                for result in pool.run_many(sources):
                    id, suspect = programs[result.id]
                    spent[id]["executions"] += 1
                    spent[id]["wall_s"] += result.wall_s
                    spent[id]["cpu_s"] += result.cpu_s
                    if result.passed:
                        task = suspect.task
                        told = "it passes the task's own tests"
                        found[id].append(
                            Finding(task.pack, task.id, "execution", suspect.score, told)
                        )
        for id in suspected:
            yield id, found[id], spent[id]


def evidence(findings: Iterable[Finding]) -> str:
    """Findings in words, the surest first."""
    told = [f"{one.pack}:{one.task} by {one.layer} ({one.evidence})" for one in findings]
    more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return "; ".join(told[:_SHOWN] + more)


def counted(findings: Iterable[Finding]) -> dict[str, float]:
    """One for each pack and layer by which a row was found."""
    return {f"{finding.pack}/{finding.layer}": 1 for finding in findings}
