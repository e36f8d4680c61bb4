"""Stage 3, instructions (C->I): the base model makes a task out of the concepts of each seed.

With `[instructions] source = snippet` it makes the task out of the seed itself, without a detour by its
concepts, which only stay with the record.

In: a shard of concepts. Out: records {id (the seed's), instruction, category, difficulty, language,
concepts}. Category and difficulty are drawn for each record by hash of its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import luigi

from pipeline import recipes, session
from pipeline.concepts import Concepts
from pipeline.prompts import parse, render
from pipeline.prompts.parse import Rejected
from pipeline.stage import GenerationTask, Unit, draw

LANGUAGE = "Python"


class Instructions(GenerationTask):
    """A shard of the instructions stage."""

    stage = "instructions"

    def requires(self) -> luigi.Task:
        return self.clone(Concepts)

    def units(self) -> Iterator[Unit]:
        run = session.current()
        categories = recipes.categories(run.settings, run.exemplars)
        difficulties = recipes.difficulties(run.settings, run.exemplars)
        seeds: dict[str, str] = {}
        if run.settings.instructions.source == "snippet":
            seeds = {seed["id"]: seed["code"] for seed in self.input_paths("seeds").read()}
        for record in self.input_paths("concepts").read():
            properties = {
                "snippet": seeds.get(record["id"]),
                "category": draw(categories, "category", record["id"]),
                "language": LANGUAGE,
                "difficulty": draw(difficulties, "difficulty", record["id"]),
            }
            yield Unit(record["id"], {**record, **properties})

    def tail(self, unit: Unit) -> str:
        record = unit.record
        if record["snippet"] is not None:
            return render.inspired_tail(record["snippet"])
        return render.instructions_tail(
            record["category"], record["language"], record["difficulty"], record["concepts"]
        )

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejected:
        instruction = parse.parse_instruction(text)
        if isinstance(instruction, Rejected):
            return instruction
        record = unit.record
        return {
            "id": unit.id,
            "instruction": instruction,
            "category": record["category"],
            "difficulty": record["difficulty"],
            "language": record["language"],
            "concepts": record["concepts"],
        }
