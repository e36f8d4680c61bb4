"""Stage 4, responses (I->R): the base model answers each instruction n times, with tests.

In: a shard of instructions. Out: records {id (instruction's id, dash, sample), instruction_id, sample,
response (prose and code as written), code, tests}. With a range of samples they are drawn in waves, as long as an
instruction lacks evidence (pipeline/stages/waves.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, ClassVar

import luigi

from pipeline.config.sections import least_and_most
from pipeline.prompts import early_end, parse, render
from pipeline.prompts.early_end import ResponseEnd
from pipeline.records import Rejection, Rules, instruction_of, sample_id
from pipeline.stages.documented import DOCSTRING, Documented
from pipeline.stages.generation import COMPLETION_HINTS, COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.instructions import Instructions
from pipeline.stages.magpie import MAGPIE, Magpie
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.waves import NOT_DRAWN, RULES, Waves

# Sources of instructions with a stage of their own.
_INSTRUCTED_BY: dict[str, type[ShardTask]] = {DOCSTRING: Documented, MAGPIE: Magpie}


class Responses(GenerationTask):
    """A shard of the responses stage."""

    stage = section = form = "responses"
    follows = Instructions
    version = 4
    rules: ClassVar[Rules] = {**COMPLETION_RULES, **early_end.RULES, **parse.RULES["responses"], **RULES}
    hints: ClassVar[Rules] = {**COMPLETION_HINTS, **early_end.HINTS}
    fan_out = "samples_per_instruction"

    def requires(self) -> luigi.Task:
        return self.after(_INSTRUCTED_BY.get(self.project.settings.instructions.source, self.follows))

    def ingredients(self) -> dict[str, Any]:
        keeps = {"reasoning": "keep"} if self.keeps_thoughts else {}
        parts = {"parts": list(self.parts)} if self.parts else {}
        return {**super().ingredients(), **keeps, **parts, "samples": self.project.settings.responses.samples}

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that a response must have: those of the exemplar set's form."""
        return self.project.exemplars.parts

    @property
    def early_end(self) -> ResponseEnd:
        return ResponseEnd(self.parts)

    @property
    def keeps_thoughts(self) -> bool:
        """Whether what a chat model wrote before its answer is part of the response."""
        return self.is_chat and self.project.settings.responses.reasoning == "keep"

    def with_thoughts(self, record: dict[str, Any], thoughts: str) -> dict[str, Any]:
        return {**record, "response": thoughts + record["response"]} if self.keeps_thoughts else record

    @property
    def units_per_record(self) -> int:
        _, most = least_and_most(self.project.settings.responses.samples)
        return most

    def units_of(self, record: str) -> list[str]:
        return [sample_id(record, sample) for sample in range(self.units_per_record)]

    def depends_on(self, unit: str, records: Set[str]) -> bool:
        return instruction_of(unit) in records

    def units(self) -> Iterator[Unit]:
        for record in self.input_paths("instructions").read():
            for sample, unit in enumerate(self.units_of(record["id"])):
                yield Unit(unit, record, sample)

    def outcomes(self, done: Set[str]) -> Outcomes:
        least, most = least_and_most(self.project.settings.responses.samples)
        if least == most:
            yield from super().outcomes(done)
            return
        waves = Waves(self.project, self.paths.journal, self.reporter.say)
        for drawn in range(least, most + least, least):
            done = waves.done()
            yield from self.generated(unit for unit in self.units() if unit.sample < drawn and unit.id not in done)
            if drawn < most:
                instructions = (record["id"] for record in self.input_paths("instructions").read())
                yield from waves.end({id: self.units_of(id) for id in instructions}, drawn)

    def notice(self, outcome: Outcome) -> None:
        """A sample that was not drawn is no loss."""
        if not (isinstance(outcome.result, Rejection) and outcome.result.rule == NOT_DRAWN):
            super().notice(outcome)

    def tail(self, unit: Unit) -> str:
        return render.responses_tail(unit.record["instruction"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        parsed = parse.parse_response(text, self.parts)
        if isinstance(parsed, Rejection):
            return parsed
        return {
            "id": unit.id,
            "instruction_id": unit.record["id"],
            "sample": unit.sample,
            "response": parsed.response,
            "code": parsed.code,
            "tests": parsed.tests,
        }
