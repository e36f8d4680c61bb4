"""The seeds stage without its task: compares the sources with the ledger, and ingests what has changed.

In: the sources of `[seeds] sources`. Out: append-only shards of seeds, with rejections beside them, and
`ledger.journal`, which holds for each part of a source its contents when it was last read. A part is read again only
when its signature or the criteria of `[seeds]` change; a seed that is in a shard is not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.ingest import Ingest
from pipeline.seeds.snapshot import Places, Snapshot
from pipeline.sources import Part, Source
from targets import Lease, Ledger, Recipe, ShardPaths

STAGE = "seeds"
VERSION = 2  # raise it when the code would write other seeds from the same sources


def recipe() -> Recipe:
    """The recipe of the seeds stage.

    The criteria are not in it: they decide which seeds are current, not what a seed looks like (criteria.py).
    """
    return Recipe(STAGE, {"version": VERSION})


class Scan:
    """Difference between the sources and the ledger. Sources are listed once, at construction."""

    def __init__(self, folder: Path, sources: Iterable[Source], criteria: SeedCriteria) -> None:
        self.folder = folder
        self.sources = list(sources)
        self.criteria = criteria
        self.ledger = Ledger(folder / "ledger.journal")
        self.parts: dict[str, tuple[Source, Part, list[Any]]] = {}
        for source in self.sources:
            digest = criteria.digest(source)
            for part in source.parts():
                left_out = [part.left_out.rule, part.left_out.evidence] if part.left_out else []
                self.parts[part.key] = source, part, [*part.signature, *left_out, digest]

    @property
    def listed(self) -> list[Part]:
        """All parts of the sources, read and unread."""
        return [part for _, part, _ in self.parts.values()]

    @property
    def changed(self) -> list[Part]:
        """Parts to read: those in the ledger first, so that a current seed is met before one that resembles it.

        They are the parts whose signature is not in the ledger, and those with a seed that was rejected because it
        resembled one that is now gone.
        """
        changed, new, unchanged = [], [], []
        resembled: set[str] = set()
        for key, (_, part, signature) in self.parts.items():
            entry = self.ledger.get(key)
            if entry is None:
                new.append(part)
            elif entry["signature"] != signature:
                changed.append(part)
            else:
                unchanged.append(part)
                resembled.update(entry["resembles"])
        if resembled:
            for part in changed + unchanged:
                entry = self.ledger.get(part.key) or {}
                resembled.difference_update(seed[0] for seed in entry["seeds"])
        if resembled:  # the remaining ones are gone
            changed += [
                part for part in unchanged if not resembled.isdisjoint((self.ledger.get(part.key) or {})["resembles"])
            ]
        return changed + new

    @property
    def gone(self) -> list[str]:
        """Keys in the ledger whose part no longer exists, or whose source is no longer configured."""
        return [key for key in self.ledger if key not in self.parts]

    def update(self, shard_size: int, advance: Callable[[], None]) -> int:
        """Ingest the changed parts; return how many were read.

        `shard_size` is in seeds; `advance` is called after each part.
        """
        read = 0
        with Lease(self.folder / "ledger.lease") as lease:
            self.look_again()
            # Ingesting may remove a seed that another one was rejected for resembling.
            while changed := self.changed:
                read += len(changed)
                parts = (self.parts[part.key] for part in changed)
                self._ingest(changed, shard_size, lease).run(parts, advance)
                self.forget_derived()
            self.ledger.record(dict.fromkeys(self.gone))
            self.ledger.touch()
        self.forget_derived()
        return read

    def _ingest(self, changed: list[Part], shard_size: int, lease: Lease) -> Ingest:
        read_again = {part.key for part in changed}
        settled = Places(
            (seed, f"{entry['source']}/{entry['documents'][document][0]}:{first}")
            for key, entry in self.ledger.items()
            if key in self.parts and key not in read_again
            for seed, _, first, _, document in entry["seeds"]
        )
        current = self.snapshot.occurrences.ids
        return Ingest(self.folder, self.ledger, lease, self.criteria, shard_size, current, settled)

    @cached_property
    def snapshot(self) -> Snapshot:
        """The current seeds according to the ledger."""
        return Snapshot(entry for _, entry in self.ledger.items())

    @cached_property
    def shards_in_force(self) -> list[int]:
        """Numbers of the shards that hold a current seed."""
        current = self.snapshot.occurrences
        published = ShardPaths.published(self.folder)
        return [shard.number for shard in published if any(seed["id"] in current for seed in shard.read())]

    def look_again(self) -> None:
        """Read the ledger again, because another worker may have written to it."""
        self.ledger = Ledger(self.ledger.path)
        self.forget_derived()

    def forget_derived(self) -> None:
        """Drop the cached `snapshot` and `shards_in_force`, because the ledger has changed."""
        self.__dict__.pop("snapshot", None)
        self.__dict__.pop("shards_in_force", None)
