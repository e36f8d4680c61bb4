"""Counts the figures of the report, in one pass over the dataset's rows and over the shards of its recipes.

In: the manifest, the rows, and the published shards of the manifest's recipes below the artifacts folder. The
numbers of the funnel come from the manifest; the figures here are those that it does not have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from pipeline.records import instruction_of
from pipeline.report.rejected import Sample
from pipeline.text.paths import published_text
from targets import Artifacts, Ledger, ShardPaths, read_jsonl

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
    """`passes` is by property and value; `lengths` in characters by column of the rows; `lost` by stage and rule."""

    examples: dict[tuple[str, str], list[Example]] = field(default_factory=lambda: defaultdict(list))
    verdicts: Counter[str] = field(default_factory=Counter)
    verdict_examples: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    passes: dict[str, dict[str, Passes]] = field(
        default_factory=lambda: {"difficulty": {}, "category": {}, "concept": {}}
    )
    instructions: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    lengths: dict[str, list[int]] = field(default_factory=lambda: {"instruction": [], "response": [], "tests": []})
    lost: Counter[str] = field(default_factory=Counter)
    rejected: Sample = field(default_factory=Sample)


def gather(
    root: Path,
    manifest: dict[str, Any],
    rows: Iterable[dict[str, Any]],
    lost: Collection[str],
) -> Figures:
    """The figures of a dataset below the artifacts folder `root`.

    `lost` are ids of rows of the dataset before; `Figures.lost` counts the rules that dropped them. Raises
    Damaged when a shard is not as it was published.
    """
    figures = Figures()
    artifacts = Artifacts.of_document(root, manifest["recipes"]["made_from"])
    current = set(artifacts.shard("selection", 0).read_meta()["shards"])
    for number in sorted(current):
        _instructions(figures, artifacts.shard("instructions", number), artifacts.shard("executions", number))
    labels = source_labels(artifacts)
    unexplained = set(lost)
    for stage in artifacts.stages:
        for paths in artifacts.published(stage):
            if stage != "selection" and paths.number not in current:
                continue
            for rejection in read_jsonl(paths.rejected):
                _rejection(figures, stage, rejection, labels)
                figures.rejected.add(stage, rejection)
                if rejection["id"] in unexplained:
                    unexplained.discard(rejection["id"])
                    figures.lost[f"{stage}: {rejection['rule']}"] += 1
    if unexplained:
        figures.lost[_UNRECORDED] = len(unexplained)
    for row in rows:
        for column, lengths in figures.lengths.items():
            lengths.append(len(row[column]))
    return figures


def source_labels(artifacts: Artifacts) -> set[str]:
    """The entries of `[seeds] sources` that the ledger has, with which the places of seeds begin."""
    return {key.partition("\t")[0] for key in Ledger(artifacts.folder("seeds") / "ledger.journal")}


def _instructions(figures: Figures, instructions: ShardPaths, executions: ShardPaths) -> None:
    by_instruction: dict[str, Passes] = defaultdict(Passes)
    for verdict in executions.read():
        passes = by_instruction[instruction_of(verdict["id"])]
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


def _rejection(figures: Figures, stage: str, rejection: dict[str, Any], labels: Collection[str]) -> None:
    """Add a rejection to its rule's examples; `labels` are the sources, with which the places of seeds begin."""
    examples = figures.examples[stage, rejection["rule"]]
    if len(examples) < _EXAMPLES:
        place, evidence = rejection["id"], _as_text(rejection["evidence"])
        if stage == "seeds":
            place, evidence = published_text(place, labels), published_text(evidence, labels)
        examples.append(Example(place, evidence))


def _as_text(evidence: Any) -> str:
    text = evidence if isinstance(evidence, str) else orjson.dumps(evidence).decode()
    return text[:_EVIDENCE_CHARS]
