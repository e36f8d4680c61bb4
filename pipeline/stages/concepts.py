"""Stage 2, concepts (S->C): the base model names the programming concepts in each seed.

In: a shard of seeds, without those that the judge dropped. Out: records {id (the seed's), concepts: [name, ...]}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import luigi

from pipeline.project import session
from pipeline.prompts import parse, render
from pipeline.records import Rejection
from pipeline.stages.base import GenerationTask, Unit
from pipeline.stages.judgements import Judgements
from pipeline.stages.seeds import SeedShard


class Concepts(GenerationTask):
    """A shard of the concepts stage."""

    stage = "concepts"

    def requires(self) -> luigi.Task:
        return self.clone(Judgements if self._judged else SeedShard)

    @property
    def _judged(self) -> bool:
        return Judgements.stage in session.current().recipes

    def units(self) -> Iterator[Unit]:
        passed = None
        if self._judged:
            passed = {record["id"] for record in self.input_paths(Judgements.stage).read()}
        for seed in self.input_paths("seeds").read():
            if passed is None or seed["id"] in passed:
                yield Unit(seed["id"], seed)

    def tail(self, unit: Unit) -> str:
        return render.concepts_tail(unit.record["code"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        names = parse.parse_concepts(text)
        if isinstance(names, Rejection):
            return names
        return {"id": unit.id, "concepts": names}
