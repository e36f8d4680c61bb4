"""Stage 2, concepts (S->C): the base model names the programming concepts in each seed.

In: a shard of seeds. Out: records {id (the seed's), concepts: [name, ...]}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import luigi

from pipeline.prompts import parse, render
from pipeline.prompts.parse import Rejected
from pipeline.seeds import SeedShard
from pipeline.stage import GenerationTask, Unit


class Concepts(GenerationTask):
    """A shard of the concepts stage."""

    stage = "concepts"

    def requires(self) -> luigi.Task:
        return self.clone(SeedShard)

    def units(self) -> Iterator[Unit]:
        for seed in self.input_paths("seeds").read():
            yield Unit(seed["id"], seed)

    def tail(self, unit: Unit) -> str:
        return render.concepts_tail(unit.record["code"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejected:
        names = parse.parse_concepts(text)
        if isinstance(names, Rejected):
            return names
        return {"id": unit.id, "concepts": names}
