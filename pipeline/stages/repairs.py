"""Between executions and verifications, where `[repairs] samples` is not 0: failed attempts get another try.

Of an instruction no response to which passed, the best attempts (pipeline/verification/attempts.py) are each shown to
the model once more, with what happened when they ran; what it writes takes the attempt's place, under the same id. A
repair has no tests: the attempt's own stay, so that it cannot pass by weaker ones.

In: a shard of executions, with responses and instructions. Out: records {id (the response's), response, code}, and
{id, verdict} where the response stays as it is. Rejected, with the attempt: what a completion is rejected for, and
unchanged and hard_wired. The stage `reruns` (reruns.py) runs what was repaired; pipeline/joined.py puts it in the
attempts' place.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import groupby
from typing import Any, ClassVar, cast

from pipeline.prompts import parse, render
from pipeline.records import Rejection, Response, Rules, Verdict, instruction_of
from pipeline.stages.executions import Executions
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.stage import Outcome, Outcomes
from pipeline.verification import attempts, hard_wired


class Repairs(GenerationTask):
    """A shard of the repairs stage."""

    stage = section = form = "repairs"
    version = 1
    follows = Executions
    rules: ClassVar[Rules] = {
        **COMPLETION_RULES,
        **parse.RULES["repairs"],
        "unchanged": "The code of the repair is that of the attempt, but for comments and layout.",
        "hard_wired": "The repair compares an argument with that of a check, to return just what the check wants.",
    }

    def ingredients(self) -> dict[str, Any]:
        parts = {"parts": list(self.project.exemplars.parts)} if self.project.exemplars.parts else {}
        return {**super().ingredients(), **parts, "samples": self.project.settings.repairs.samples}

    def depends_on(self, unit: str, records: Set[str]) -> bool:
        """Whether there is a repair, and of which attempts, depends on all verdicts of the instruction."""
        return instruction_of(unit) in {instruction_of(record) for record in records}

    def notice(self, outcome: Outcome) -> None:
        """A model that repairs nothing ends no run: there are rows without repairs."""

    def outcomes(self, done: Set[str]) -> Outcomes:
        units = {unit.id: unit for unit in self.units()}
        yield from self.generated(unit for unit in units.values() if unit.id not in done)
        for verdict in self.before.paths.read():
            id = verdict["id"]
            if id not in units and id not in done:
                yield Outcome(id, {"id": id, "verdict": verdict})

    def units(self) -> Iterator[Unit]:
        """The attempts that are to be repaired; the record of each is the instruction's, with attempt and outcome."""
        verdicts = {record["id"]: cast(Verdict, record) for record in self.before.paths.read()}
        instructions = {record["id"]: record for record in self.input_paths("instructions").read()}
        responses = (record for record in self.input_paths("responses").read() if record["id"] in verdicts)
        for instruction, group in groupby(responses, key=lambda record: record["instruction_id"]):
            tried = [(cast(Response, record), verdicts[record["id"]]) for record in group]
            for response, verdict in attempts.best(tried)[: self.project.settings.repairs.samples]:
                outcome = attempts.outcome(response, verdict)
                record = {**instructions[instruction], "attempt": response, "outcome": outcome}
                yield Unit(response["id"], record, response["sample"])

    def tail(self, unit: Unit) -> str:
        record = unit.record
        return render.repairs_tail(record["instruction"], record["attempt"]["response"], record["outcome"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        attempt = cast(Response, unit.record["attempt"])
        repair = parse.parse_repair(text, self.project.exemplars.parts)
        if isinstance(repair, Rejection):
            return repair
        if attempts.is_same(repair.code, attempt["code"]):
            return Rejection("unchanged", repair.code[:200])
        if check := hard_wired.added(repair.code, attempt["code"], attempt["tests"]):
            return Rejection("hard_wired", check[:200])
        return {"id": unit.id, "response": repair.response, "code": repair.code}
