"""Recipes: the name of everything that determines the bytes of a stage's files.

A recipe is a stage's name, its own ingredients (code version of the stage, prompt and exemplar texts,
sampling parameters, model digest, ...) and the recipe of the stage before. Its digest names the folder
`<stage>/<digest>/`, so a changed ingredient writes beside the old files and changing it back finds them
again. What a recipe does not cover: the source folders (the ledger knows those), the machine, the number
of sequences or threads, and anything else that only decides how fast the same thing is made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from targets.atomic import json_bytes, publish

DIGEST_CHARS = 12


@dataclass(frozen=True)
class Recipe:
    """The ingredients of one stage. `ingredients` must be JSON values."""

    stage: str
    ingredients: dict[str, Any]
    parent: Recipe | None = None

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits of the sha256 over stage, ingredients and the parent's digest."""
        content = {
            "stage": self.stage,
            "ingredients": self.ingredients,
            "parent": self.parent.digest if self.parent else None,
        }
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[
            :DIGEST_CHARS
        ]

    def folder(self, artifacts: Path) -> Path:
        """Where this recipe's files live below the artifacts folder."""
        return artifacts / self.stage / self.digest

    def in_words(self) -> dict[str, Any]:
        """The recipe as a document, the stages before it included."""
        return {
            "stage": self.stage,
            "recipe": self.digest,
            "ingredients": self.ingredients,
            "made_from": self.parent.in_words() if self.parent else None,
        }

    def write(self, artifacts: Path) -> Path:
        """Make sure that the folder exists with its `recipe.json`; return the folder."""
        folder = self.folder(artifacts)
        path = folder / "recipe.json"
        if not path.exists():
            publish(path, [json_bytes(self.in_words())])
        return folder
