"""The artifacts of a recipe: the folders and shards of its stage and of every stage before it.

In: the artifacts folder and a recipe, or the document of one. Nothing is written here. A folder that is
named here need not exist: only `published` and `siblings` read the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from targets.recipe import Recipe
from targets.shard import ShardPaths


class NoSuchStage(LookupError):
    """A stage was named that is not in the recipe."""


@dataclass(frozen=True)
class Artifacts:
    """The files below `root` of `recipe` and of the recipes that it was made from."""

    root: Path
    recipe: Recipe

    @staticmethod
    def of_document(root: Path, words: Mapping[str, Any]) -> Artifacts:
        """The artifacts of the recipe in a document of `Recipe.in_words`, such as a manifest's "recipes".

        Raises ValueError for another document.
        """
        try:
            return Artifacts(root, Recipe.from_words(dict(words)))
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no document of a recipe: {error!r}") from None

    @cached_property
    def _recipes(self) -> dict[str, Recipe]:
        chain = [self.recipe]
        while (parent := chain[-1].parent) is not None:
            chain.append(parent)
        return {recipe.stage: recipe for recipe in reversed(chain)}

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of the recipe, the first one first."""
        return tuple(self._recipes)

    def recipe_of(self, stage: str) -> Recipe:
        """The recipe of a stage. Raises NoSuchStage."""
        try:
            return self._recipes[stage]
        except KeyError:
            raise NoSuchStage(
                f"{self.recipe.stage}/{self.recipe.digest} has no stage {stage}; "
                f"its stages are {', '.join(self.stages)}"
            ) from None

    def folder(self, stage: str) -> Path:
        """The folder of a stage's files. Raises NoSuchStage."""
        return self.recipe_of(stage).folder(self.root)

    def shard(self, stage: str, number: int) -> ShardPaths:
        """The files of a stage's shard. Raises NoSuchStage."""
        return ShardPaths(self.folder(stage), number)

    def published(self, stage: str) -> list[ShardPaths]:
        """The complete shards of a stage, by number. Raises NoSuchStage."""
        return ShardPaths.published(self.folder(stage))

    def siblings(self, stage: str) -> Iterator[Recipe]:
        """The other recipes of a stage that are on disk, the one with the newest recipe.json first.

        A recipe.json that cannot be read is skipped. Raises NoSuchStage.
        """
        digest = self.recipe_of(stage).digest
        documents = (self.root / stage).glob("*/recipe.json")
        for path in sorted(documents, key=lambda path: path.stat().st_mtime, reverse=True):
            try:
                sibling = Recipe.from_words(orjson.loads(path.read_bytes()))
            except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
                continue
            if sibling.digest != digest:
                yield sibling
