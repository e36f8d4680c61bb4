"""Re-reads every file of the current configuration, and names those that are not as they were published.

Read are the ledger, the shards of all stages under the current recipes with the files beside them, the selection and
dataset of the current seeds, and the dataset that `latest` points at. A shard is missing only when something that
was made from it is there: the next run makes the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.project.project import Project
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.stages.chain import shard_tasks
from pipeline.stages.dataset import FinalDataset
from pipeline.stages.selection import Selection
from targets import Artifacts, Damaged, Recipe, ShardPaths
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


class Current:
    """The artifacts of a project's current configuration, and how the units of its stages depend on each other."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.dataset = FinalDataset(project=project)
        self.artifacts = Artifacts(project.artifacts, self.dataset.recipe)
        self.tasks = {task.stage: task for task in shard_tasks(project)}

    @property
    def sharded(self) -> list[str]:
        """The stages that have a shard for each shard of seeds, the seeds first."""
        return [SEEDS, *self.tasks]

    @property
    def numbers(self) -> list[int]:
        """All seed shards, as far as any file of them is left."""
        folder = self.artifacts.folder(SEEDS)
        names = (path.name for path in folder.glob("shard-*.meta.json"))
        left = {int(name.split(".")[0].removeprefix("shard-")) for name in names}
        return sorted(left | {shard.number for shard in ShardPaths.published(folder)})

    def expected(self, stage: str, number: int) -> set[str]:
        """The ids of the units that a shard must hold, by what the shard before it kept. Raises Damaged."""
        task = self.tasks[stage].clone(shard=number)
        return {unit for record in task.before.paths.read() for unit in task.units_of(record["id"])}

    def is_needed(self, stage: str, number: int) -> bool:
        """Whether something that was made from a shard is there."""
        later = self.sharded[self.sharded.index(stage) + 1 :]
        if any(self.artifacts.shard(other, number).records.exists() for other in later):
            return True
        selected = self.artifacts.shard(Selection.stage, 0)
        with suppress(Damaged):
            return selected.records.exists() and number in selected.read_meta()["shards"]
        return False


def findings(current: Current) -> Iterator[Finding]:
    """Every file that is damaged, missing or changed by hand, stage by stage."""
    artifacts = current.artifacts
    for stage in artifacts.stages:
        yield from _recipe(stage, artifacts.folder(stage))
    ledger = current.project.scan.ledger
    if ledger.damaged:
        yield Finding(SEEDS, ledger.path, f"{ledger.damaged} lines are damaged")
    for stage in current.sharded:
        for number in current.numbers:
            yield from _shard(current, stage, number)
    selected, made = artifacts.shard(Selection.stage, 0), current.dataset.folder
    if selected.records.exists() or made.exists():
        for fault in faults(selected):
            yield Finding(Selection.stage, fault.path, fault.problem, 0)
    latest = current.dataset.latest
    datasets = {made} if made.exists() else set()
    if latest.is_symlink():
        datasets.add(latest.resolve())
    for folder in sorted(datasets):
        yield from _dataset(folder)


def _shard(current: Current, stage: str, number: int) -> Iterator[Finding]:
    paths = current.artifacts.shard(stage, number)
    if paths.records.exists():
        expected = None
        if stage != SEEDS:
            # What is wrong with the shard before it is a finding of its own.
            with suppress(Damaged, FileNotFoundError):
                expected = current.expected(stage, number)
        shard_faults = faults(paths, expected)
    elif current.is_needed(stage, number):
        shard_faults = faults(paths)
    else:
        if paths.journal.exists() and (count := damaged_lines(paths.journal)):
            yield Finding(stage, paths.journal, f"{count} lines are damaged", number)
        return
    for fault in shard_faults:
        yield Finding(stage, fault.path, fault.problem, number)


def _recipe(stage: str, folder: Path) -> Iterator[Finding]:
    path = folder / "recipe.json"
    if stage == FinalDataset.stage or not folder.exists():
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


def model_file(project: Project) -> Iterator[Finding]:
    """The model file, when its content has changed since it was first used. Raises ConfigError."""
    path = project.model.require_file()
    with open(path, "rb") as file:
        digest = sha256_of(file)
    if digest != project.model.sha256:
        problem = f"it has sha256 {digest}, and {project.model.sha256} when it was first used: fetch it again"
        yield Finding("model", path, problem)


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding for scripts."""
    return {
        "stage": finding.stage,
        "shard": finding.shard,
        "file": str(finding.path),
        "problem": finding.problem,
    }
