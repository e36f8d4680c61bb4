"""Stage 3, instructions (C->I): the base model makes a task out of the concepts of each seed.

`[instructions] source` names what else it may be made from: the seed's snippet itself; snippet and message of the
commit that wrote it; or an earlier instruction, which is made harder. Earlier ones are a stage before this one,
`drafts`, made from concepts. A seed's concepts stay with the record in any case.

In: a shard of concepts, or of drafts. Out: records {id (the seed's), instruction, category, difficulty, language,
concepts}. Category and difficulty are drawn for each record by hash of its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import luigi

from pipeline.project import session
from pipeline.prompts import parse, render
from pipeline.records import Rejection
from pipeline.stages import recipes
from pipeline.stages.base import GenerationTask, Unit, draw
from pipeline.stages.concepts import Concepts
from pipeline.text.normalise import fingerprint

LANGUAGE = "Python"


@dataclass(frozen=True, slots=True)
class Source:
    """What instructions are made from: the stage before, what the prompt shows of a record, and what it must have."""

    before: str
    tail: Callable[[dict[str, Any]], str]
    needs: str = ""  # a field that not every seed has


def _properties(record: dict[str, Any]) -> str:
    return render.instructions_tail(
        record["category"], record["language"], record["difficulty"], record["concepts"]
    )


def _snippet(record: dict[str, Any]) -> str:
    return render.inspired_tail(record["seed"]["code"])


def _commit(record: dict[str, Any]) -> str:
    return render.committed_tail(record["seed"]["code"], record["seed"]["message"])


def _draft(record: dict[str, Any]) -> str:
    return render.evolved_tail(record["instruction"])


SOURCES = {
    "concepts": Source("concepts", _properties),
    "snippet": Source("concepts", _snippet),
    "commits": Source("concepts", _commit, needs="message"),
    "evolved": Source("drafts", _draft),
}


class _Written(GenerationTask):
    """A shard of instructions made from a source."""

    @property
    def source(self) -> Source:
        """What they are made from."""
        return SOURCES["concepts"]

    def requires(self) -> luigi.Task:
        return self.clone(Drafts if self.source.before == "drafts" else Concepts)

    def units(self) -> Iterator[Unit]:
        run = session.current()
        categories = recipes.categories(run.settings, run.exemplars)
        difficulties = recipes.difficulties(run.settings, run.exemplars)
        seeds = {seed["id"]: seed for seed in self.input_paths("seeds").read()}
        for record in self.input_paths(self.source.before).read():
            properties = {
                "seed": seeds.get(record["id"]),
                "category": draw(categories, "category", record["id"]),
                "language": LANGUAGE,
                "difficulty": draw(difficulties, "difficulty", record["id"]),
            }
            yield Unit(record["id"], {**record, **properties})

    def refuse(self, unit: Unit) -> Rejection | None:
        needs = self.source.needs
        if needs and needs not in unit.record["seed"]:
            return Rejection("no_commit", "the seed is of no commit: see [seeds] sources, commits:")
        return None

    def tail(self, unit: Unit) -> str:
        return self.source.tail(unit.record)

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        instruction = parse.parse_instruction(text)
        if isinstance(instruction, Rejection):
            return instruction
        record = unit.record
        if fingerprint(instruction) == fingerprint(record.get("instruction", "")):
            return Rejection("not_evolved", instruction[:200])
        return {
            "id": unit.id,
            "instruction": instruction,
            "category": record["category"],
            "difficulty": record["difficulty"],
            "language": record["language"],
            "concepts": record["concepts"],
        }


class Drafts(_Written):
    """A shard of the drafts stage: the instructions that are then evolved."""

    stage = recipes.DRAFTS


class Instructions(_Written):
    """A shard of the instructions stage."""

    stage = "instructions"

    @property
    def source(self) -> Source:
        return SOURCES[session.current().settings.instructions.source]
