"""Recipes: the name of everything that determines the bytes of a stage's files.

A recipe is a stage's name, its own ingredients (code version of the stage, prompt and exemplar texts,
sampling parameters, model digest, ...) and the recipe of the stage before. Its digest names the folder
`<stage>/<digest>/`, so a changed ingredient writes beside the old files and changing it back finds them
again. Not covered: the source folders (the ledger covers those), the machine, the number of sequences or
threads, and anything else that only decides how fast the same files are made.

Some ingredients are limits: they bound how far a unit of work may go, not what it is (tokens, seconds,
bytes). Recipes that differ in limits alone are kin: a unit that ended within the lower limit would come out
the same under the higher one, so it may be carried over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from targets.atomic import json_bytes, publish

DIGEST_CHARS = 12
USES = "uses"  # key of a recipe.json: "stage/digest" of each folder that a goal uses


@dataclass(frozen=True)
class Recipe:
    """The ingredients of one stage; those that are limits are in `limits`. All must be JSON values."""

    stage: str
    ingredients: dict[str, Any]
    parent: Recipe | None = None
    limits: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits of the sha256 over stage, ingredients and the parent's digest."""
        content = {
            "stage": self.stage,
            "ingredients": self.ingredients,
            "limits": self.limits,
            "parent": self.parent.digest if self.parent else None,
        }
        return _digest(content)

    @cached_property
    def kin(self) -> str:
        """A digest like `digest`, which leaves all limits out."""
        content = {
            "stage": self.stage,
            "ingredients": self.ingredients,
            "parent": self.parent.kin if self.parent else None,
        }
        return _digest(content)

    def folder(self, artifacts: Path) -> Path:
        """The folder of this recipe's files below the artifacts folder."""
        return artifacts / self.stage / self.digest

    def in_words(self) -> dict[str, Any]:
        """The recipe as a document, the stages before it included."""
        return {
            "stage": self.stage,
            "recipe": self.digest,
            "ingredients": self.ingredients,
            "limits": self.limits,
            "made_from": self.parent.in_words() if self.parent else None,
        }

    def write(self, artifacts: Path, uses: Iterable[Recipe] = ()) -> Path:
        """Make sure that the folder exists with its `recipe.json`; return the folder.

        `uses` are recipes whose folders this one refers to without being made from them: a goal's, as its work
        comes to need them. They are added to those that are recorded, and are not part of the digest.
        """
        folder = self.folder(artifacts)
        path = folder / "recipe.json"
        names = [f"{recipe.stage}/{recipe.digest}" for recipe in uses]
        recorded = _read(path) if names else {}
        missing = sorted(set(names) - set(recorded.get(USES, ())))
        if missing or not path.exists():
            document = self.in_words()
            if names:
                document[USES] = [*recorded.get(USES, ()), *missing]
            publish(path, [json_bytes(document)])
        return folder

    @staticmethod
    def from_words(words: dict[str, Any]) -> Recipe:
        """The recipe that a document of `in_words` describes; its digest is computed again.

        Raises KeyError or TypeError for another document.
        """
        parent = words["made_from"]
        return Recipe(
            words["stage"],
            words["ingredients"],
            Recipe.from_words(parent) if parent else None,
            words["limits"],
        )


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none, or none that can be read."""
    try:
        document = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def _digest(content: dict[str, Any]) -> str:
    encoded = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(encoded).hexdigest()[:DIGEST_CHARS]
