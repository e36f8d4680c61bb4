"""The dataset that `artifacts/latest` points at, with the shards that it was made from.

In: its manifest, rows and stages, as they were published. The configuration is not read: a finished dataset is
the same whatever luigi.cfg holds now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import orjson

from pipeline.errors import DamagedFiles, MissingDataError
from pipeline.records import Row
from targets import Artifacts, ShardPaths, read_jsonl


class FinishedDataset:
    """A finished dataset: `manifest` is its manifest, `artifacts` are the stages up to its selection."""

    def __init__(self, root: Path) -> None:
        """Read the manifest of the dataset that `latest` in the artifacts folder `root` points at.

        Raises MissingDataError when there is none, DamagedFiles when it is no manifest.
        """
        self.folder = root / "latest"
        self._wanted: Callable[[Row], bool] | None = None
        path = self.folder / "manifest.json"
        try:
            self.manifest: dict[str, Any] = orjson.loads(path.read_bytes())
            self.artifacts = Artifacts.of_document(root, self.manifest["recipes"]["made_from"])
        except FileNotFoundError:
            raise MissingDataError(
                f"there is no finished dataset in {root}",
                "make one first: luigi --module pipeline FinalDataset",
            ) from None
        except (KeyError, TypeError, ValueError):
            raise DamagedFiles(f"{path} is damaged", "`selfcodealign verify --repair` makes it again") from None

    def only(self, wanted: Callable[[Row], bool]) -> FinishedDataset:
        """The same dataset with the wanted ones of its rows."""
        part, before = copy(self), self._wanted
        part._wanted = wanted if before is None else lambda row: before(row) and wanted(row)
        return part

    @property
    def is_whole(self) -> bool:
        """Whether it has all its rows."""
        return self._wanted is None

    def rows(self) -> Iterator[Row]:
        """The rows of train.jsonl, in their order."""
        rows = cast(Iterator[Row], read_jsonl(self.folder / "train.jsonl"))
        return rows if self._wanted is None else filter(self._wanted, rows)

    @property
    def executed_with(self) -> dict[str, Any]:
        """What the dataset's programs ran under: packages, timeout_s and memory_mb, and the recipe's other keys."""
        recipe = self.artifacts.recipe_of("executions")
        return {**recipe.ingredients, **recipe.limits}

    def shards(self, stage: str) -> list[ShardPaths]:
        """The stage's shards that went into the dataset."""
        if stage == "selection":
            return [self.artifacts.shard(stage, 0)]
        return [self.artifacts.shard(stage, number) for number in self._numbers]

    @cached_property
    def _numbers(self) -> list[int]:
        selection = self.artifacts.shard("selection", 0)
        if not selection.meta.exists():
            raise MissingDataError(
                f"{selection.meta} is gone, and with it what the dataset was made from",
                "run luigi --module pipeline FinalDataset with the configuration of this dataset",
            )
        numbers: list[int] = selection.read_meta()["shards"]
        return numbers
