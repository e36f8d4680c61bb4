"""Stage 4, responses (I->R): the base model answers each instruction n times, with tests.

In: a shard of instructions. Out: records {id (instruction's id, dash, sample), instruction_id, sample,
response (prose and code as written), code, tests}.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, ClassVar

import luigi

from pipeline.prompts import parse, render
from pipeline.records import Rejection, Rules, instruction_of, sample_id
from pipeline.stages.documented import DOCSTRING, Documented
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.instructions import Instructions
from pipeline.stages.magpie import MAGPIE, Magpie
from pipeline.stages.stage import ShardTask

# Sources of instructions with a stage of their own.
_INSTRUCTED_BY: dict[str, type[ShardTask]] = {DOCSTRING: Documented, MAGPIE: Magpie}


class Responses(GenerationTask):
    """A shard of the responses stage."""

    stage = section = form = "responses"
    follows = Instructions
    version = 4
    rules: ClassVar[Rules] = {**COMPLETION_RULES, **parse.RULES["responses"]}
    fan_out = "samples_per_instruction"

    def requires(self) -> luigi.Task:
        return self.after(_INSTRUCTED_BY.get(self.project.settings.instructions.source, self.follows))

    def ingredients(self) -> dict[str, Any]:
        keeps = {"reasoning": "keep"} if self.keeps_thoughts else {}
        parts = {"parts": list(self.parts)} if self.parts else {}
        return {**super().ingredients(), **keeps, **parts, "samples": self.units_per_record}

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that a response must have: those of the exemplar set's form."""
        return self.project.exemplars.parts

    @property
    def keeps_thoughts(self) -> bool:
        """Whether what a chat model wrote before its answer is part of the response."""
        return self.is_chat and self.project.settings.responses.reasoning == "keep"

    def with_thoughts(self, record: dict[str, Any], thoughts: str) -> dict[str, Any]:
        return {**record, "response": thoughts + record["response"]} if self.keeps_thoughts else record

    @property
    def units_per_record(self) -> int:
        return self.project.settings.responses.samples

    def units_of(self, record: str) -> list[str]:
        return [sample_id(record, sample) for sample in range(self.units_per_record)]

    def depends_on(self, unit: str, records: Set[str]) -> bool:
        return instruction_of(unit) in records

    def units(self) -> Iterator[Unit]:
        for record in self.input_paths("instructions").read():
            for sample, unit in enumerate(self.units_of(record["id"])):
                yield Unit(unit, record, sample)

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
