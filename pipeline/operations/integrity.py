"""Re-read everything that the configuration in force reaches, and name what is not as it was published.

Reached are the ledger, the shards of all stages under the recipes in force with what lies beside them, the
selection and dataset of the seeds in force, and the dataset that `latest` points at. A shard is missing
only when something that was made from it is there: the next run makes the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.project.session import Session
from pipeline.stages import recipes
from pipeline.stages.seeds import Scan
from targets import Damaged, Recipe, ShardPaths
from targets.atomic import SUMS, sha256_of
from targets.damage import faults
from targets.journal import damaged_lines


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is damaged, missing or changed by hand. `shard` is set for files of a shard."""

    stage: str
    path: Path
    problem: str
    shard: int | None = None


@dataclass(frozen=True)
class Reach:
    """What there is to look at: the recipes in force by stage, and the shards that hold seeds in force."""

    run: Session
    found: Scan
    recipes: dict[str, Recipe]

    @staticmethod
    def of(run: Session, found: Scan) -> Reach:
        """What a run's configuration reaches, by what its ledger knows."""
        selected = recipes.selection(run.settings, run.recipes, found.snapshot.digest)
        made = {"selection": selected, "dataset": recipes.dataset(selected)}
        return Reach(run, found, {**run.recipes, **made})

    def folder(self, stage: str) -> Path:
        return self.recipes[stage].folder(self.run.artifacts)

    def shard(self, stage: str, number: int) -> ShardPaths:
        return ShardPaths(self.folder(stage), number)

    @property
    def sharded(self) -> list[str]:
        """The stages that have a shard for each of seeds, these first."""
        return list(self.run.recipes)

    @property
    def numbers(self) -> list[int]:
        """All seed shards, as far as anything of them is left."""
        names = (path.name for path in self.folder("seeds").glob("shard-*.meta.json"))
        known = {int(name.split(".")[0].removeprefix("shard-")) for name in names}
        return sorted(
            known | {shard.number for shard in ShardPaths.published(self.folder("seeds"))}
        )

    def expected(self, stage: str, number: int) -> set[str]:
        """The ids of the units that a shard must hold: what the shard before it kept. Raises Damaged."""
        before = self.recipes[stage].parent
        assert before is not None
        kept = (record["id"] for record in self.shard(before.stage, number).read())
        if stage != "responses":
            return set(kept)
        samples = range(self.run.settings.responses.samples)
        return {f"{unit}-{sample:03d}" for unit in kept for sample in samples}

    def is_needed(self, stage: str, number: int) -> bool:
        """Whether something that was made from a shard is there."""
        later = self.sharded[self.sharded.index(stage) + 1 :]
        if any(self.shard(other, number).records.exists() for other in later):
            return True
        selected = self.shard("selection", 0)
        with suppress(Damaged):
            return selected.records.exists() and number in selected.read_meta()["shards"]
        return False


def made_from(stage: str, unit: str, records: set[str]) -> bool:
    """Whether one of these records of the stage before is in a unit."""
    if stage == "responses":
        return _instruction(unit) in records
    if stage == "verifications":  # it looks at all responses of its instruction
        return _instruction(unit) in {_instruction(record) for record in records}
    return unit in records


def _instruction(response: str) -> str:
    return response.rpartition("-")[0]


def findings(reach: Reach) -> Iterator[Finding]:
    """All that is wrong, stage by stage."""
    for stage in reach.recipes:
        yield from _recipe(stage, reach.folder(stage))
    ledger = reach.found.ledger
    if ledger.damaged:
        yield Finding("seeds", ledger.path, f"{ledger.damaged} lines are damaged")
    for stage in reach.sharded:
        for number in reach.numbers:
            yield from _shard(reach, stage, number)
    selected = reach.shard("selection", 0)
    if selected.records.exists() or reach.folder("dataset").exists():
        for fault in faults(selected):
            yield Finding("selection", fault.path, fault.problem, 0)
    latest = reach.run.artifacts / "latest"
    datasets = {reach.folder("dataset")} if reach.folder("dataset").exists() else set()
    if latest.is_symlink():
        datasets.add(latest.resolve())
    for folder in sorted(datasets):
        yield from _dataset(folder)


def _shard(reach: Reach, stage: str, number: int) -> Iterator[Finding]:
    paths = reach.shard(stage, number)
    if paths.records.exists():
        expected = None
        if stage != "seeds":
            # What is wrong with the shard before it is said there.
            with suppress(Damaged, FileNotFoundError):
                expected = reach.expected(stage, number)
        found = faults(paths, expected)
    elif reach.is_needed(stage, number):
        found = faults(paths)
    else:
        if paths.journal.exists() and (count := damaged_lines(paths.journal)):
            yield Finding(stage, paths.journal, f"{count} lines are damaged", number)
        return
    for fault in found:
        yield Finding(stage, fault.path, fault.problem, number)


def _recipe(stage: str, folder: Path) -> Iterator[Finding]:
    path = folder / "recipe.json"
    if stage == "dataset" or not folder.exists():
        return  # a dataset's recipe is in its manifest
    try:
        written = Recipe.from_words(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        yield Finding(stage, path, "it is missing")
    except (orjson.JSONDecodeError, KeyError, TypeError):
        yield Finding(stage, path, "it is no recipe")
    else:
        if (written.stage, written.digest) != (folder.parent.name, folder.name):
            yield Finding(stage, path, f"it describes the recipe {written.stage}/{written.digest}")


def _dataset(folder: Path) -> Iterator[Finding]:
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except OSError as error:
        yield Finding("dataset", folder / SUMS, f"it cannot be read ({error.strerror})")
        return
    for line in lines:
        digest, _, name = line.partition("  ")
        try:
            with open(folder / name, "rb") as file:
                if sha256_of(file) != digest:
                    yield Finding("dataset", folder / name, "it has changed since it was published")
        except OSError as error:
            yield Finding("dataset", folder / name, f"it cannot be read ({error.strerror})")


def model_file(run: Session) -> Iterator[Finding]:
    """The model file, when its content is not what it was when it was first used. Raises ConfigError."""
    path = run.model.require_file()
    with open(path, "rb") as file:
        digest = sha256_of(file)
    if digest != run.model.sha256:
        problem = (
            f"it has sha256 {digest}, and {run.model.sha256} when it was first used: fetch it again"
        )
        yield Finding("model", path, problem)


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding for scripts."""
    return {
        "stage": finding.stage,
        "shard": finding.shard,
        "file": str(finding.path),
        "problem": finding.problem,
    }
