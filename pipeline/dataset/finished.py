"""The dataset that `artifacts/latest` points at, with the stages that its manifest names.

No configuration is asked: what was finished is read as it was made, whatever luigi.cfg says today.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import MissingDataError
from targets import ShardPaths, read_jsonl


class Finished:
    """A finished dataset with the stages that it was made from."""

    def __init__(self, artifacts: Path) -> None:
        self.folder = artifacts / "latest"
        try:
            self.manifest = orjson.loads((self.folder / "manifest.json").read_bytes())
        except FileNotFoundError:
            raise MissingDataError(
                f"there is no finished dataset in {artifacts}",
                "make one first: luigi --module pipeline FinalDataset",
            ) from None
        self.stages: dict[str, Path] = {}
        self.ingredients: dict[str, dict[str, Any]] = {}
        words = self.manifest["recipes"]["made_from"]
        while words:
            self.stages = {
                words["stage"]: artifacts / words["stage"] / words["recipe"]
            } | self.stages
            self.ingredients[words["stage"]] = words["ingredients"] | words.get("limits", {})
            words = words["made_from"]

    def rows(self) -> Iterator[dict[str, Any]]:
        return read_jsonl(self.folder / "train.jsonl")

    def shards(self, stage: str) -> list[ShardPaths]:
        """The stage's shards that went into the dataset."""
        selection = ShardPaths(self.stages["selection"], 0)
        if stage == "selection":
            return [selection]
        try:
            numbers = selection.read_meta()["shards"]
        except FileNotFoundError:
            raise MissingDataError(
                f"{selection.meta} is gone, and with it what the dataset was made from",
                "run luigi --module pipeline FinalDataset with the configuration of this dataset",
            ) from None
        return [ShardPaths(self.stages[stage], number) for number in numbers]
