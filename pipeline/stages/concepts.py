"""Stage 2, concepts (S->C): the base model names the programming concepts in each seed.

In: a shard of seeds, without those that the judge dropped. Out: records {id (the seed's), concepts: [name, ...]}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import luigi

from pipeline.prompts import parse, render
from pipeline.records import Rejection, Rules
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.judgements import Judgements, judges
from pipeline.stages.seeds import SeedShard


class Concepts(GenerationTask):
    """A shard of the concepts stage."""

    stage = section = form = "concepts"
    version = 4
    rules: ClassVar[Rules] = {**COMPLETION_RULES, **parse.RULES["concepts"]}

    def requires(self) -> luigi.Task:
        return self.after(Judgements if judges(self.project) else SeedShard)

    def units(self) -> Iterator[Unit]:
        for seed in self.kept_of("seeds"):
            yield Unit(seed["id"], seed)

    def tail(self, unit: Unit) -> str:
        return render.concepts_tail(unit.record["code"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        names = parse.parse_concepts(text)
        if isinstance(names, Rejection):
            return names
        return {"id": unit.id, "concepts": names}
