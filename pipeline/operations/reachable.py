"""Garbage collection over the artifacts folder: which recipe folders are reachable, and which hold unfinished work.

A folder is reachable from a root through what is recorded on disk alone: its `recipe.json` names the recipes that it
was made from, and that of a goal (a comparison, self-alignment, a tuned model) the folders that it uses. An
evaluation stays as long as the model does that it is of. Nothing is planned again here; no configuration is read.

*Never garbage:* a folder with the journal of an unfinished shard, and all that it was made from.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from targets.journal import read_journal
from targets.recipe import USES

Folder = tuple[str, str]  # a stage, and the digest of a recipe
Document = Mapping[str, Any]  # of a recipe, as in recipe.json

FINETUNING = "finetuning"
ANSWERS, EVALUATION = "answers", "evaluation"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A recipe folder with journals of unfinished shards: the outcomes in them, and how long ago the last was added.

    `command` is the one that last worked on them; empty where none is recorded.
    """

    records: int
    age_seconds: float
    command: str


class Store:
    """The recipe folders below `artifacts`, as their documents describe them."""

    def __init__(self, artifacts: Path) -> None:
        self.artifacts = artifacts

    @cached_property
    def documents(self) -> dict[Folder, Document]:
        """The recipe.json of every folder that has a readable one."""
        paths = sorted(self.artifacts.glob("*/*/recipe.json"))
        read = {(path.parent.parent.name, path.parent.name): _read(path) for path in paths}
        return {folder: document for folder, document in read.items() if document is not None}

    @cached_property
    def folders(self) -> list[Folder]:
        """All recipe folders of the stages that are on disk; a dataset's has its recipe in its manifest."""
        stages = sorted({stage for stage, _ in self.documents} | {"dataset"})
        return [
            (stage, path.name)
            for stage in stages
            for path in sorted((self.artifacts / stage).glob("*"))
            if path.is_dir() and not path.name.startswith(".")
        ]

    def path(self, folder: Folder) -> Path:
        """Where a folder is."""
        return self.artifacts.joinpath(*folder)

    @cached_property
    def unfinished(self) -> dict[Folder, Unfinished]:
        """The folders that hold journals of unfinished shards."""
        return {
            folder: _unfinished(journals)
            for folder in self.folders
            if (journals := sorted(self.path(folder).glob("shard-*.journal")))
        }

    def reachable(self, roots: Iterable[Document], models: Iterable[str]) -> set[Folder]:
        """The folders that are reachable from the documents of recipes; `models` are digests of base models."""
        kept: set[Folder] = set()
        pending = list(roots)
        while pending:
            document = pending.pop()
            folder = (str(document["stage"]), str(document["recipe"]))
            if folder in kept:
                continue
            kept.add(folder)
            if document["made_from"]:
                pending.append(document["made_from"])
            pending += [self.documents[used] for used in self._uses(folder) if used in self.documents]
        return kept | set(self._evaluations(kept, models))

    def with_unfinished(self, kept: set[Folder]) -> set[Folder]:
        """The folders, and those with unfinished shards with all that these are made from."""
        roots = [self.documents[folder] for folder in self.unfinished if folder in self.documents]
        return kept | set(self.unfinished) | self.reachable(roots, ())

    def _uses(self, folder: Folder) -> Iterator[Folder]:
        for name in self.documents.get(folder, {}).get(USES, ()):
            stage, _, digest = name.partition("/")
            yield stage, digest

    def _evaluations(self, kept: set[Folder], models: Iterable[str]) -> Iterator[Folder]:
        """The evaluations, with their answers, of the base models and of the tuned ones that are kept."""
        digests = set(models)
        tuned = {self.path(folder) for folder in kept if folder[0] == FINETUNING}
        for path in (self.artifacts / "model").glob("facts-*.json"):
            facts = _read(path)
            if facts is not None and Path(str(facts.get("path"))).parent in tuned:
                digests.add(str(facts.get("sha256")))
        for folder, document in self.documents.items():
            if folder[0] in (ANSWERS, EVALUATION):
                answers = document if folder[0] == ANSWERS else document["made_from"]
                if answers["ingredients"]["model"]["sha256"] in digests:
                    yield folder


def _unfinished(journals: list[Path]) -> Unfinished:
    commands = [path.with_suffix(".command") for path in journals]
    recorded = [path.read_text(errors="replace") for path in commands if path.exists()]
    return Unfinished(
        records=sum(1 for path in journals for _ in read_journal(path)),
        age_seconds=time.time() - max(path.stat().st_mtime for path in journals),
        command=recorded[-1] if recorded else "",
    )


def _read(path: Path) -> Document | None:
    """A JSON object in a file; None where there is none."""
    try:
        document = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return document if isinstance(document, dict) else None
