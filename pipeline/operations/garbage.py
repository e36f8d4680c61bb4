"""What `clean` lists: recipe folders that nothing current reaches, and unfinished ones that only their name removes.

The roots are the current dataset's recipe, the dataset that `latest` points at, and the goals behind a dataset (the
tuned model, the comparison, self-alignment) under the current settings, where any of their kind was ever made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from pipeline.errors import ConfigError, MissingDataError
from pipeline.loop.comparison import Comparison
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.self_alignment import SelfAlignment
from pipeline.operations.reachable import Document, Store, Unfinished
from pipeline.project.project import Project
from pipeline.stages.dataset import FinalDataset


@dataclass(frozen=True, slots=True)
class Garbage:
    """A recipe folder that nothing current reaches, with its size; `unfinished` protects it."""

    folder: Path
    bytes: int
    unfinished: Unfinished | None = None

    @property
    def name(self) -> str:
        """The folder as a command names it: its stage and digest."""
        return f"{self.folder.parent.name}/{self.folder.name}"


def garbage(project: Project) -> list[Garbage]:
    """The folders that nothing current reaches, stage by stage, unfinished ones included."""
    store = Store(project.artifacts)
    kept = store.reachable(roots(project), {project.model.sha256})
    protected = store.with_unfinished(kept)
    return [
        Garbage(store.path(folder), _size(store.path(folder)), store.unfinished.get(folder))
        for folder in store.folders
        if folder not in kept and (folder in store.unfinished or folder not in protected)
    ]


def named(listed: list[Garbage], names: list[str]) -> list[Garbage]:
    """The listed folders with these names. Raises ConfigError for a name that is not listed."""
    by_name = {item.name: item for item in listed}
    for name in names:
        if name.rstrip("/") not in by_name:
            raise ConfigError(
                f"{name} is not among the folders that nothing current reaches",
                "`clean` lists them by stage and recipe",
            )
    return [by_name[name.rstrip("/")] for name in names]


def roots(project: Project) -> Iterator[Document]:
    """The documents of the recipes from which everything current is reached."""
    yield FinalDataset(project=project).recipe.in_words()
    manifest = project.artifacts / "latest" / "manifest.json"
    if manifest.exists():
        yield orjson.loads(manifest.read_bytes())["recipes"]
    if (project.artifacts / FineTunedModel.stage).exists():
        # Without a selection, or with fewer rows than are to be tuned on, there is no such model.
        with suppress(MissingDataError, FileNotFoundError):
            yield FineTunedModel(project=project).recipe.in_words()
    for goal in (Comparison, SelfAlignment):
        if (project.artifacts / goal.stage).exists():
            task = goal(project=project)
            yield task.recipe.in_words()
            yield from (recipe.in_words() for recipe in task.foreseen())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
