"""Stage 1, seeds: the sources' definitions that are worth it, in append-only shards.

In: the sources of `[seeds] sources`. Out: `artifacts/seeds/<recipe>/shard-*.jsonl`, with what was dropped
beside them, and `ledger.journal`: what each part of a source was last seen to hold. A part is read again only
when it, or what `[seeds]` asks of a seed, has changed; seeds already in a shard are not written twice. Which
seeds are in force (snapshot.py) follows from the ledger alone, so a seed whose file is gone, or that a new
rule drops, leaves the next dataset while everything that was generated for it stays.

A seed record: id, code, name, kind, source, path, lines [first, last], digest (sha256 of the code), licence,
repository and revision; of a commit's seed also its message. intake.py makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.project import session
from pipeline.project.session import Session
from pipeline.seeds import missing_sources as vanished
from pipeline.seeds.criteria import Wanted
from pipeline.seeds.ingest import Intake
from pipeline.seeds.snapshot import Places, Snapshot
from pipeline.sources import Part, Source
from pipeline.stages.base import PipelineTask
from targets import Lease, Ledger, ShardPaths

STAGE = "seeds"


class Scan:
    """The sources as they are now, against the ledger. They are asked once a session what they hold."""

    def __init__(self, folder: Path, sources: Iterable[Source], wanted: Wanted) -> None:
        self.folder = folder
        self.sources = list(sources)
        self.wanted = wanted
        self.ledger = Ledger(folder / "ledger.journal")
        self.parts: dict[str, tuple[Source, Part, list[Any]]] = {}
        for source in self.sources:
            digest = wanted.digest(source)
            for part in source.parts():
                left_out = [part.left_out.rule, part.left_out.evidence] if part.left_out else []
                self.parts[part.key] = source, part, [*part.signature, *left_out, digest]

    @property
    def listed(self) -> list[Part]:
        """All parts of the sources, read and unread."""
        return [part for _, part, _ in self.parts.values()]

    @property
    def changed(self) -> list[Part]:
        """Parts to read: known ones first, so that what is in force is met before what may resemble it.

        They are those that the ledger has not seen as they are now, and those in which a seed was dropped
        for its resemblance to one that is gone.
        """
        known, new, there = [], [], []
        resembled: set[str] = set()
        for key, (_, part, state) in self.parts.items():
            entry = self.ledger.get(key)
            if entry is None:
                new.append(part)
            elif entry["signature"] != state:
                known.append(part)
            else:
                there.append(part)
                resembled.update(entry["resembles"])
        if resembled:
            for part in known + there:
                entry = self.ledger.get(part.key) or {}
                resembled.difference_update(seed[0] for seed in entry["seeds"])
        if resembled:  # these are gone
            known += [
                part
                for part in there
                if not resembled.isdisjoint((self.ledger.get(part.key) or {})["resembles"])
            ]
        return known + new

    @property
    def gone(self) -> list[str]:
        """Keys in the ledger whose part is no longer there, or whose source is no longer configured."""
        return [key for key in self.ledger if key not in self.parts]

    def update(self, shard_size: int, advance: Callable[[], None]) -> int:
        """Bring the changed parts into shards and ledger; return how many were read."""
        read = 0
        with Lease(self.folder / "ledger.lease") as lease:
            self.look_again()
            # Again where a seed was dropped for its resemblance to one that this has taken out of force.
            while changed := self.changed:
                read += len(changed)
                parts = (self.parts[part.key] for part in changed)
                self._intake(changed, shard_size, lease).take(parts, advance)
                self.forget_derived()
            self.ledger.record(dict.fromkeys(self.gone))
            self.ledger.touch()
        self.forget_derived()
        return read

    def _intake(self, changed: list[Part], shard_size: int, lease: Lease) -> Intake:
        read_again = {part.key for part in changed}
        settled = Places(
            (seed, f"{entry['source']}/{entry['documents'][document][0]}:{first}")
            for key, entry in self.ledger.items()
            if key in self.parts and key not in read_again
            for seed, _, first, _, document in entry["seeds"]
        )
        in_force = self.snapshot.occurrences.ids
        return Intake(self.folder, self.ledger, lease, self.wanted, shard_size, in_force, settled)

    @cached_property
    def snapshot(self) -> Snapshot:
        """The seeds in force according to the ledger."""
        return Snapshot(entry for _, entry in self.ledger.items())

    @cached_property
    def shards_in_force(self) -> list[int]:
        """Numbers of the seed shards that hold a seed which is in force."""
        in_force = self.snapshot.occurrences
        published = ShardPaths.published(self.folder)
        return [
            shard.number
            for shard in published
            if any(seed["id"] in in_force for seed in shard.read())
        ]

    def look_again(self) -> None:
        """Read the ledger again, because another worker may have written to it."""
        self.ledger = Ledger(self.ledger.path)
        self.forget_derived()

    def forget_derived(self) -> None:
        """Have `snapshot` and `shards_in_force` worked out again: the ledger has changed."""
        self.__dict__.pop("snapshot", None)
        self.__dict__.pop("shards_in_force", None)


_scan: Scan | None = None


def scan() -> Scan:
    """The scan of the sources that this run works with."""
    global _scan
    if _scan is None:
        run = session.current()
        _scan = scan_of(run)
        if run.settings.seeds.vanished == "stop":
            vanished.refuse(_scan.ledger, run.sources, _scan.listed)
    return _scan


def scan_of(run: Session) -> Scan:
    """The sources of a run as they are now, for commands that only look."""
    return Scan(run.recipes[STAGE].folder(run.artifacts), run.sources, run.wanted)


class Seeds(PipelineTask):
    """Bring ledger and seed shards up to date with the sources."""

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(scan().ledger.path))

    def is_made(self) -> bool:
        found = scan()
        return found.ledger.path.exists() and not found.changed and not found.gone

    def run(self) -> None:
        run = session.current()
        found = scan()
        run.recipes[STAGE].write(run.artifacts)
        with run.reporter.stage(STAGE, len(found.changed)) as ticker:
            read = found.update(run.settings.project.shard_size, ticker.advance)
        run.reporter.say(f"seeds: {len(found.snapshot.occurrences)} in force, {read} files read")


class SeedShard(luigi.ExternalTask):
    """A published seed shard, as the input of the stages after it."""

    shard = luigi.IntParameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(session.current().shard(STAGE, self.shard).records))
