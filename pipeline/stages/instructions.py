"""Stage 3, instructions (C->I): the base model makes a task out of the concepts of each seed.

`[instructions] source` names what else it may be made from: the seed's snippet itself; snippet and message of the
commit that wrote it; or an earlier instruction, which is made harder. Earlier instructions are a stage before this
one, `drafts`, made from concepts. A seed's concepts stay with the record in any case.

In: a shard of concepts, or of drafts. Out: records {id (the seed's), instruction, category, difficulty, language,
concepts}. Category and difficulty are drawn for each record by hash of its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Any, ClassVar

import luigi

from pipeline.prompts import parse, render
from pipeline.records import Rejection, Rules
from pipeline.stages.concepts import Concepts
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit, draw
from pipeline.stages.mixing import is_mixed, mixed
from pipeline.text.lists import as_list
from pipeline.text.normalise import fingerprint

LANGUAGE = "Python"


@dataclass(frozen=True, slots=True)
class Source:
    """What instructions are made from: the form of the prompts, the stage before, a record's part of the prompt.

    `needs` is a field of the seed that not every seed has.
    """

    form: str
    before: str
    tail: Callable[[dict[str, Any]], str]
    needs: str = ""


def _properties(record: dict[str, Any]) -> str:
    return render.instructions_tail(
        record["category"], record["language"], record["difficulty"], record["concepts"], record["order"]
    )


def _snippet(record: dict[str, Any]) -> str:
    return render.inspired_tail(record["seed"]["code"])


def _commit(record: dict[str, Any]) -> str:
    return render.committed_tail(record["seed"]["code"], record["seed"]["message"])


def _draft(record: dict[str, Any]) -> str:
    return render.evolved_tail(record["instruction"])


# [instructions] source -> what instructions are made from.
SOURCES = {
    "concepts": Source("instructions", "concepts", _properties),
    "snippet": Source("inspired", "concepts", _snippet),
    "commits": Source("committed", "concepts", _commit, needs="message"),
    "evolved": Source("evolved", "drafts", _draft),
}


class _InstructionTask(GenerationTask):
    """A shard of instructions made from a source."""

    section = "instructions"
    version = 4
    rules: ClassVar[Rules] = {
        **COMPLETION_RULES,
        **parse.RULES["instructions"],
        "no_commit": "Instructions are made from commits, and the seed is of none.",
        "not_evolved": "The instruction that was to be made harder came back as it was.",
    }

    @property
    def source(self) -> Source:
        """What the instructions are made from."""
        return SOURCES["concepts"]

    @property
    def form(self) -> str:
        return self.source.form

    @property
    def categories(self) -> list[str]:
        """The categories that instructions are drawn from; one named twice is drawn twice as often."""
        return as_list(self.project.settings.instructions.categories) or list(self.project.exemplars.categories)

    @property
    def difficulties(self) -> list[str]:
        """The difficulties that instructions are drawn from."""
        return as_list(self.project.settings.instructions.difficulties) or list(self.project.exemplars.difficulties)

    @property
    def mix(self) -> float:
        """The share of records whose concepts are those of two seeds: where instructions are made from concepts."""
        return float(self.project.settings.instructions.mix) if self.source.form == "instructions" else 0.0

    def ingredients(self) -> dict[str, Any]:
        return {
            **super().ingredients(),
            "categories": self.categories,
            "difficulties": self.difficulties,
            **({"mix": self.mix} if self.mix else {}),
        }

    def depends_on(self, unit: str, records: Set[str]) -> bool:
        """A record that is mixed may have any other of the shard as its partner."""
        return unit in records or (bool(records) and is_mixed(unit, self.mix))

    def requires(self) -> luigi.Task:
        return self.after(Drafts if self.source.before == Drafts.stage else Concepts)

    def units(self) -> Iterator[Unit]:
        categories, difficulties = self.categories, self.difficulties
        seeds = {seed["id"]: seed for seed in self.input_paths("seeds").read()}
        for record in mixed(list(self.before.paths.read()), self.mix):
            properties = {
                "seed": seeds.get(record["id"]),
                "category": draw(categories, "category", record["id"]),
                "language": LANGUAGE,
                "difficulty": draw(difficulties, "difficulty", record["id"]),
                "order": self.project.exemplars.order,  # of the properties in the prompt
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
            **({"partner": record["partner"]} if "partner" in record else {}),
        }


class Drafts(_InstructionTask):
    """A shard of the drafts stage: the instructions that are then evolved."""

    stage, version = "drafts", 2


class Instructions(_InstructionTask):
    """A shard of the instructions stage."""

    stage = "instructions"

    @property
    def source(self) -> Source:
        return SOURCES[self.project.settings.instructions.source]
