"""Stage 7, decontamination: every row that could be, and its seed, is compared with the benchmark packs.

In: a shard of verifications, or of the oracle's, with its responses, instructions and seeds; the packs of
`[decontamination]`. Out: records {id, suspects (tasks that it resembles and does not behave like)}. Rejected, with
every task, layer and what was seen as evidence: contaminated (the row holds a task), contaminated_seed (its seed does).
Rows in which no copy was found run in the sandbox, where their functions are compared with the tasks' solutions.

What is counted (`spent`): rows found, by pack and layer as "pack/layer". Without packs every row is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import luigi

from pipeline.decontamination.confirmation import Confirmation, Row, findings_of
from pipeline.decontamination.decontaminator import RULES, Decontaminator, Finding, Suspect, in_words
from pipeline.project.proofs import examined
from pipeline.project.sandboxes import open_pool
from pipeline.records import Rejection
from pipeline.stages.documented import DOCSTRING
from pipeline.stages.oracle import Oracle
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.verifications import Verifications


@dataclass(frozen=True, slots=True)
class _Unfound:
    """A row without a copy of a task: it runs in the sandbox."""

    instruction: str
    row: Row
    suspects: list[Suspect]


class Decontamination(ShardTask):
    """A shard of the decontamination stage."""

    stage, version = "decontamination", 4
    follows = Verifications
    rules = RULES

    def requires(self) -> luigi.Task:
        return self.after(Oracle if self.project.settings.instructions.source == DOCSTRING else self.follows)

    def ingredients(self) -> dict[str, Any]:
        section = self.project.settings.decontamination
        return {
            "packs": {pack.name: pack.revision for pack in self.project.packs},
            "resembles": section.resembles,
            "suspect": section.suspect,
            "execute": section.execute,
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        decontaminator = self.project.decontaminator
        if decontaminator is None:
            yield from (_clean(record["id"]) for record in self.kept_of("responses") if record["id"] not in done)
            return
        unfound: list[_Unfound] = []
        for item in self._compared(decontaminator, done):
            if isinstance(item, Outcome):
                yield item
            else:
                unfound.append(item)
        if unfound:
            yield from self._executed(decontaminator, unfound)

    def _compared(self, decontaminator: Decontaminator, done: Set[str]) -> Iterator[Outcome | _Unfound]:
        """The outcome of every row that is not done, or what has to run before there is one."""
        seeds = {record["id"]: record["code"] for record in self.input_paths("seeds").read()}
        instructions = {record["id"]: record for record in self.input_paths("instructions").read()}
        of_seeds: dict[str, list[Finding]] = {}
        for record in self.kept_of("responses"):
            id, group = record["id"], record["instruction_id"]
            if id in done:
                continue
            if group not in of_seeds:
                made_from = filter(None, (group, instructions[group].get("partner")))
                of_seeds[group] = [finding for id in made_from for finding in decontaminator.check_code(seeds[id])]
            if of_seeds[group]:
                yield _contaminated(id, "contaminated_seed", of_seeds[group])
                continue
            instruction, code, tests = instructions[group]["instruction"], record["code"], record["tests"]
            findings, suspects = decontaminator.examine(instruction, record["response"], code, tests)
            if findings:
                yield _contaminated(id, "contaminated", findings)
            elif self.project.settings.decontamination.execute:
                row = Row(id, code, tests, tuple(suspect.number for suspect in suspects))
                yield _Unfound(instruction, row, suspects)
            else:
                yield _clean(id, suspects)

    def _executed(self, decontaminator: Decontaminator, unfound: list[_Unfound]) -> Iterator[Outcome]:
        """The outcome of every row, once its functions were compared with what the solutions do."""
        seconds = self.project.settings.executions.timeout
        confirmation = Confirmation(decontaminator.tasks, examined(self.project, self.reporter.say))
        by_id = {item.row.id: item for item in unfound}
        with open_pool(self.project, self.reporter.say) as pool:
            for ran in confirmation.run((item.row for item in unfound), pool, seconds):
                item = by_id[ran.id]
                findings = findings_of(decontaminator, item.instruction, item.row.code, ran.agreements or ())
                if findings:
                    yield _contaminated(ran.id, "contaminated", findings, ran.spent)
                else:
                    yield _clean(ran.id, item.suspects, ran.spent)


def _clean(id: str, suspects: Iterable[Suspect] = (), spent: Mapping[str, float] | None = None) -> Outcome:
    return Outcome(id, {"id": id, "suspects": [suspect.task.name for suspect in suspects]}, spent or {})


def _contaminated(id: str, rule: str, findings: list[Finding], spent: Mapping[str, float] | None = None) -> Outcome:
    rejection = Rejection(rule, in_words(findings))
    return Outcome(id, rejection, {**(spent or {}), **counted(findings)})


def counted(findings: Iterable[Finding]) -> dict[str, float]:
    """One for each pack and layer by which a row was found."""
    return {f"{finding.pack}/{finding.layer}": 1 for finding in findings}
