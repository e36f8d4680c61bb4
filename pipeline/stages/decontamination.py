"""Stage 7, decontamination: every row that could be, and its seed, is compared with the benchmark packs.

In: a shard of verifications with its responses, instructions and seeds; the packs of `[decontamination]`. Out:
records {id, suspects (tasks that were run against the response and did not pass)}. Rejected, with every
task, layer and what was seen as evidence: contaminated (the row holds a task), contaminated_seed (its seed
does). Rows that resemble a task too little to be rejected for it are run under the task's own tests in the sandbox.

What is counted (`spent`): rows found, by pack and layer as "pack/layer". Without packs every row is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pipeline.decontamination.confirmation import confirmation_programs
from pipeline.decontamination.decontaminator import RULES, Finding, Suspect
from pipeline.project.sandboxes import open_pool
from pipeline.records import Rejection
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.verifications import Verifications
from sandbox import Program

_SHOWN = 5  # findings that the evidence names


@dataclass(frozen=True, slots=True)
class _Suspected:
    """A row that resembles tasks too little to be rejected for it: its code runs under the tasks' tests."""

    id: str
    code: str
    suspects: list[Suspect]


class Decontamination(ShardTask):
    """A shard of the decontamination stage."""

    stage, version = "decontamination", 2
    follows = Verifications
    rules = RULES

    def ingredients(self) -> dict[str, Any]:
        section = self.project.settings.decontamination
        return {
            "packs": {pack.name: pack.revision for pack in self.project.packs},
            "resembles": section.resembles,
            "suspect": section.suspect,
            "execute": section.execute,
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        suspected: list[_Suspected] = []
        for item in self._compared(done):
            if isinstance(item, Outcome):
                yield item
            else:
                suspected.append(item)
        yield from self._executed(suspected)

    def _compared(self, done: Set[str]) -> Iterator[Outcome | _Suspected]:
        """The outcome of every row that is not done, or what has to run before there is one."""
        decontaminator = self.project.decontaminator
        seeds = {record["id"]: record["code"] for record in self.input_paths("seeds").read()}
        instructions = {record["id"]: record["instruction"] for record in self.input_paths("instructions").read()}
        of_seeds: dict[str, list[Finding]] = {}
        for record in self.kept_of("responses"):
            id, group, code = record["id"], record["instruction_id"], record["code"]
            if id in done:
                continue
            if decontaminator is None:
                yield _clean(id)
                continue
            if group not in of_seeds:
                of_seeds[group] = decontaminator.check_code(seeds[group])
            if of_seeds[group]:
                yield _contaminated(id, "contaminated_seed", of_seeds[group])
                continue
            row = instructions[group], record["response"], code
            findings, suspects = decontaminator.examine(*row)
            if findings:
                yield _contaminated(id, "contaminated", findings)
            elif suspects and self.project.settings.decontamination.execute:
                yield _Suspected(id, code, suspects)
            else:
                yield _clean(id)

    def _executed(self, suspected: list[_Suspected]) -> Iterator[Outcome]:
        """The outcome of every suspected row, once its code was run under the tasks' tests."""
        programs: dict[str, tuple[str, Suspect]] = {}
        sources: list[Program] = []
        for row in suspected:
            for suspect in row.suspects:
                for source in confirmation_programs(suspect.task, row.code):
                    name = f"{row.id} {len(sources)}"
                    programs[name] = (row.id, suspect)
                    sources.append(Program(name, source))
        findings: dict[str, list[Finding]] = {row.id: [] for row in suspected}
        spent: dict[str, dict[str, float]] = {row.id: defaultdict(float) for row in suspected}
        if sources:
            with open_pool(self.project, self.reporter.say) as pool:
                for result in pool.run_many(sources):
                    id, suspect = programs[result.id]
                    spent[id]["executions"] += 1
                    spent[id]["wall_s"] += result.wall_s
                    spent[id]["cpu_s"] += result.cpu_s
                    if result.passed:
                        findings[id].append(_passes(suspect))
        for row in suspected:
            if findings[row.id]:
                yield _contaminated(row.id, "contaminated", findings[row.id], spent[row.id])
            else:
                tasks = [suspect.task.name for suspect in row.suspects]
                yield _clean(row.id, tasks, spent[row.id])


def _clean(id: str, suspects: Iterable[str] = (), spent: Mapping[str, float] | None = None) -> Outcome:
    return Outcome(id, {"id": id, "suspects": list(suspects)}, spent or {})


def _contaminated(id: str, rule: str, findings: list[Finding], spent: Mapping[str, float] | None = None) -> Outcome:
    rejection = Rejection(rule, evidence(findings))
    return Outcome(id, rejection, {**(spent or {}), **counted(findings)})


def _passes(suspect: Suspect) -> Finding:
    task = suspect.task
    return Finding(task.pack, task.id, "execution", suspect.score, "it passes the task's own tests")


def evidence(findings: Iterable[Finding]) -> str:
    """Findings in words, the surest first."""
    texts = [f"{one.pack}:{one.task} by {one.layer} ({one.evidence})" for one in findings]
    more = [f"{len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return "; ".join(texts[:_SHOWN] + more)


def counted(findings: Iterable[Finding]) -> dict[str, float]:
    """One for each pack and layer by which a row was found."""
    return {f"{finding.pack}/{finding.layer}": 1 for finding in findings}
