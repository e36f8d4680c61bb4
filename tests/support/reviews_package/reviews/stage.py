"""Stage behind verifications: the base model names the concepts in each response's code.

In: a shard of verifications, with its responses and instructions. Out: records {id (the response's), concepts:
[name, ...]}. Rejected: off_topic, and what no list of concepts can be read from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import luigi

from pipeline.config.sections import Whole
from pipeline.prompts import parse, render
from pipeline.records import Rejection, Rules
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.verifications import Verifications


class reviews(luigi.Config):
    """The section [reviews] of luigi.cfg."""

    least_shared = Whole(default=1, low=0, high=12)


class Reviews(GenerationTask):
    """A shard of the reviews stage."""

    stage, version = "reviews", 1
    follows = Verifications
    form = section = "concepts"
    settings = reviews
    rules: ClassVar[Rules] = {
        **COMPLETION_RULES,
        **parse.RULES["concepts"],
        "off_topic": "The response shows fewer than `least_shared` of the concepts of its instruction.",
    }

    def ingredients(self) -> dict[str, Any]:
        return {**super().ingredients(), "least_shared": self._least_shared}

    @property
    def _least_shared(self) -> int:
        return self.project.settings.others["reviews"].least_shared

    def units(self) -> Iterator[Unit]:
        instructions = {record["id"]: record for record in self.input_paths("instructions").read()}
        for response in self.kept_of("responses"):
            concepts = instructions[response["instruction_id"]]["concepts"]
            yield Unit(response["id"], {**response, "concepts": concepts})

    def tail(self, unit: Unit) -> str:
        return render.concepts_tail(unit.record["code"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        names = parse.parse_concepts(text)
        if isinstance(names, Rejection):
            return names
        shared = set(names) & set(unit.record["concepts"])
        if len(shared) < self._least_shared:
            return Rejection("off_topic", f"{len(shared)} shared: {', '.join(names)}"[:200])
        return {"id": unit.id, "concepts": names}
