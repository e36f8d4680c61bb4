"""Stage 4, responses (I->R): the base model answers each instruction n times, with tests.

In: a shard of instructions. Out: records {id (instruction's id, dash, sample), instruction_id, sample,
response (prose and code as written), code, tests}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import luigi

from pipeline.project import session
from pipeline.prompts import parse, render
from pipeline.records import Rejection
from pipeline.stages.base import GenerationTask, Unit
from pipeline.stages.instructions import Instructions


class Responses(GenerationTask):
    """A shard of the responses stage."""

    stage = "responses"

    def requires(self) -> luigi.Task:
        return self.clone(Instructions)

    def run(self) -> None:
        from pipeline.stages.early_execution import (
            executing,  # which knows the stage after this one
        )

        with executing(self.shard):
            super().run()

    def units(self) -> Iterator[Unit]:
        samples = session.current().settings.responses.samples
        for record in self.input_paths("instructions").read():
            for sample in range(samples):
                yield Unit(f"{record['id']}-{sample:03d}", record, sample)

    def tail(self, unit: Unit) -> str:
        return render.responses_tail(unit.record["instruction"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        parsed = parse.parse_response(text)
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
