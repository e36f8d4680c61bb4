"""What the report shows, counted: one pass over the dataset's rows and over the shards of its recipes.

In: the manifest, the rows, and below the artifacts folder the published shards that the recipes name. Numbers
of the funnel are the manifest's; counted here is what the manifest does not have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from targets import ShardPaths, read_jsonl

_EXAMPLES = 5
_EVIDENCE_CHARS = 800
_UNRECORDED = "left the dataset before its selection: see the funnel"


@dataclass(slots=True)
class Passes:
    """How many of the programs that were run passed."""

    run: int = 0
    passed: int = 0

    @property
    def rate(self) -> float:
        return self.passed / self.run if self.run else 0.0


@dataclass(frozen=True, slots=True)
class Example:
    """A rejected record, or a program that did not pass."""

    id: str
    evidence: str


@dataclass(slots=True)
class Figures:
    """`passes` is by property and value; `lengths` in characters by column of the rows."""

    examples: dict[tuple[str, str], list[Example]] = field(
        default_factory=lambda: defaultdict(list)
    )
    verdicts: Counter[str] = field(default_factory=Counter)
    verdict_examples: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    passes: dict[str, dict[str, Passes]] = field(
        default_factory=lambda: {"difficulty": {}, "category": {}, "concept": {}}
    )
    instructions: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    lengths: dict[str, list[int]] = field(
        default_factory=lambda: {"instruction": [], "response": [], "tests": []}
    )
    lost: Counter[str] = field(default_factory=Counter)


def gather(
    artifacts: Path,
    manifest: dict[str, Any],
    rows: Iterable[dict[str, Any]],
    lost: Collection[str],
) -> Figures:
    """Count everything; `lost` are ids of rows of the dataset before, and `figures.lost` says their fate."""
    figures = Figures()
    shards = _shards(artifacts, manifest)
    for paths in shards["instructions"]:
        _instructions(figures, paths, _of_number(shards["executions"], paths.number))
    waiting = set(lost)
    for stage, published in shards.items():
        for paths in published:
            for rejection in read_jsonl(paths.rejected):
                _rejection(figures, stage, rejection)
                if rejection["id"] in waiting:
                    waiting.discard(rejection["id"])
                    figures.lost[f"{stage}: {rejection['rule']}"] += 1
    if waiting:
        figures.lost[_UNRECORDED] = len(waiting)
    for row in rows:
        for column, lengths in figures.lengths.items():
            lengths.append(len(row[column]))
    return figures


def _shards(artifacts: Path, manifest: dict[str, Any]) -> dict[str, list[ShardPaths]]:
    """The published shards of every stage that the dataset was made from, in the order of the stages."""
    recipes = list(_chain(manifest["recipes"]["made_from"]))[::-1]
    published = {
        recipe["stage"]: ShardPaths.published(artifacts / recipe["stage"] / recipe["recipe"])
        for recipe in recipes
    }
    in_force = set(published["selection"][0].read_meta()["shards"])
    return {
        stage: [paths for paths in found if stage == "selection" or paths.number in in_force]
        for stage, found in published.items()
    }


def _chain(recipe: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    while recipe:
        yield recipe
        recipe = recipe["made_from"]


def _of_number(shards: list[ShardPaths], number: int) -> ShardPaths:
    return next(paths for paths in shards if paths.number == number)


def _instructions(figures: Figures, instructions: ShardPaths, executions: ShardPaths) -> None:
    by_instruction: dict[str, Passes] = defaultdict(Passes)
    for verdict in executions.read():
        passes = by_instruction[verdict["id"].rpartition("-")[0]]
        passes.run += 1
        passes.passed += verdict["passed"]
        figures.verdicts[verdict["status"]] += 1
        examples = figures.verdict_examples[verdict["status"]]
        if not verdict["passed"] and len(examples) < _EXAMPLES:
            evidence = "\n".join(filter(None, (verdict["detail"], verdict["stderr"].strip())))
            examples.append(Example(verdict["id"], evidence[-_EVIDENCE_CHARS:]))
    for record in instructions.read():
        concepts = sorted(set(record["concepts"]))
        figures.instructions.update(concepts)
        figures.pairs.update(combinations(concepts, 2))
        values = [("difficulty", record["difficulty"]), ("category", record["category"])]
        for kind, value in [*values, *(("concept", concept) for concept in concepts)]:
            total = figures.passes[kind].setdefault(value, Passes())
            total.run += by_instruction[record["id"]].run
            total.passed += by_instruction[record["id"]].passed


def _rejection(figures: Figures, stage: str, rejection: dict[str, Any]) -> None:
    examples = figures.examples[stage, rejection["rule"]]
    if len(examples) < _EXAMPLES:
        examples.append(Example(rejection["id"], _as_text(rejection["evidence"])))


def _as_text(evidence: Any) -> str:
    text = evidence if isinstance(evidence, str) else orjson.dumps(evidence).decode()
    return text[:_EVIDENCE_CHARS]
