"""Stage 1, seeds: source files to seed functions, in append-only shards.

In: the folders of `[seeds] sources`. Out: `artifacts/seeds/<recipe>/shard-*.jsonl`, with the functions that
were dropped beside them, and `ledger.journal`: what each source file was last seen to hold. A file is read
again only when it changed; functions already in a shard are not written twice. Which seeds are in force
(`Snapshot`) follows from the ledger alone, so a function whose file is gone leaves the next dataset while
everything that was generated for it stays.

A seed record: id, code, name, source, path, lines [first, last], digest (sha256 of the code), licence.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline import session, sources, vanished
from pipeline.sources import Observation, Source, SourceFile
from pipeline.stage import PipelineTask
from pipeline.text.functions import Function
from targets import Lease, Ledger, ShardPaths, ShardWriter

STAGE = "seeds"


@dataclass(frozen=True)
class Snapshot:
    """The seeds in force: `occurrences` says where each seed id stands now, `rules` what was dropped."""

    occurrences: dict[str, dict[str, Any]]
    rules: dict[str, int]

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over ids and places: equal snapshots give equal datasets."""
        digest = hashlib.sha256()
        for seed in sorted(self.occurrences):
            place = self.occurrences[seed]
            digest.update(
                f"{seed} {place['source']} {place['path']} {place['lines']} {place['licence']}\n".encode()
            )
        return digest.hexdigest()[:16]

    def funnel(self, in_shards: int) -> dict[str, Any]:
        """Functions (and unreadable files) looked at = seeds + dropped ones, by rule.

        `in_shards` counts the seeds of all shards in use: those in force and those that are in no source
        any more, which selection leaves out.
        """
        dropped = sum(self.rules.values())
        return {
            "in": in_shards + dropped,
            "kept": in_shards,
            "rejected": dropped,
            "rules": dict(sorted(self.rules.items())),
            "in_force": len(self.occurrences),
        }


class Scan:
    """The sources as they are now, against the ledger. The file system is asked once a session."""

    def __init__(self, folder: Path, wanted: list[Source]) -> None:
        self.folder = folder
        self.sources = wanted
        self.unlisted: list[OSError] = []
        self.ledger = Ledger(folder / "ledger.journal")
        self.files = {
            file.key: file
            for source in wanted
            for file in sources.files(source, self.unlisted.append)
        }

    @property
    def changed(self) -> list[SourceFile]:
        """Files that the ledger has not seen as they are now."""
        known = self.ledger
        return [
            file
            for key, file in self.files.items()
            if (entry := known.get(key)) is None or entry["signature"] != file.signature
        ]

    @property
    def gone(self) -> list[str]:
        """Keys in the ledger whose file is no longer there, or whose source is no longer configured."""
        return [key for key, _ in self.ledger.items() if key not in self.files]

    @cached_property
    def snapshot(self) -> Snapshot:
        """The seeds in force according to the ledger; a seed found twice belongs to the first place."""
        occurrences: dict[str, dict[str, Any]] = {}
        rules: Counter[str] = Counter()
        for _, entry in self.ledger.items():
            rules.update(entry["rules"])
            for seed, name, first, last in entry["seeds"]:
                if seed in occurrences:
                    rules["duplicate"] += 1
                    continue
                occurrences[seed] = {
                    "source": entry["source"],
                    "path": entry["path"],
                    "name": name,
                    "lines": [first, last],
                    "licence": entry["licence"],
                }
        return Snapshot(occurrences, dict(rules))

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
        _scan = Scan(run.recipes[STAGE].folder(run.artifacts), run.sources)
        if run.settings.seeds.vanished == "stop":
            vanished.refuse(_scan.ledger, _scan.sources, set(_scan.files), _scan.unlisted)
    return _scan


class Seeds(PipelineTask):
    """Bring ledger and seed shards up to date with the sources."""

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(scan().ledger.path))

    def complete(self) -> bool:
        session.begin()
        found = scan()
        return found.ledger.path.exists() and not found.changed and not found.gone

    def run(self) -> None:
        run = session.current()
        found = scan()
        run.recipes[STAGE].write(run.artifacts)
        with Lease(found.folder / "ledger.lease") as lease:
            found.look_again()
            changed = found.changed
            with run.reporter.stage(STAGE, len(changed)) as ticker:
                _Intake(found, run.settings.project.shard_size, lease).take(
                    changed, run.settings.seeds.max_lines, ticker.advance
                )
            found.ledger.record(dict.fromkeys(found.gone))
            found.ledger.touch()
            found.forget_derived()
        run.reporter.say(
            f"seeds: {len(found.snapshot.occurrences)} in force, {len(changed)} files read"
        )


class _Intake:
    """Writes the new functions of changed files into new shards, and the ledger after them.

    The ledger learns of a file only when all its seeds are in published shards: a crash in between costs
    reading the file again, and its seeds are then found to be there.
    """

    def __init__(self, found: Scan, shard_size: int, lease: Lease) -> None:
        self._found = found
        self._lease = lease
        self._shard_size = shard_size
        published = ShardPaths.published(found.folder)
        self._known = {seed["id"] for shard in published for seed in shard.read()}
        self._first_place = {
            seed: f"{entry['path']}:{first}"
            for _, entry in found.ledger.items()
            for seed, _, first, _ in entry["seeds"]
        }
        self._next = published[-1].number + 1 if published else 0
        self._writer: ShardWriter | None = None
        self._entries: dict[str, dict[str, Any] | None] = {}
        self._kept = 0

    def take(self, files: list[SourceFile], max_lines: int, advance: Callable[[], None]) -> None:
        for stale in self._found.folder.glob("shard-*.journal"):
            # Of an interrupted scan; reading the sources again is cheaper than trusting it.
            stale.unlink()
        for file in files:
            observation = sources.observe(file, max_lines)
            self._take_file(file, observation)
            self._entries[file.key] = sources.ledger_entry(file, observation)
            advance()
        self._publish()
        self._remember()

    def _take_file(self, file: SourceFile, observation: Observation) -> None:
        before = self._found.ledger.get(file.key)
        already_here = {seed[0] for seed in before["seeds"]} if before else set()
        for dropped in observation.dropped:
            place = f"{file.source.label}/{file.path}:{dropped.first_line}"
            self._open().reject(place, dropped.rule, f"{dropped.name}: {dropped.evidence}")
        for function in observation.seeds:
            if function.id not in self._known:
                self._keep(file, function, observation.licence)
            elif function.id in self._first_place and function.id not in already_here:
                place = f"{file.source.label}/{file.path}:{function.first_line}"
                same = self._first_place[function.id]
                self._open().reject(
                    place, "duplicate", f"{function.name}: same text as {same}, seed {function.id}"
                )
            self._first_place.setdefault(function.id, f"{file.path}:{function.first_line}")

    def _keep(self, file: SourceFile, function: Function, licence: str | None) -> None:
        record = {
            "id": function.id,
            "code": function.code,
            "name": function.name,
            "source": file.source.label,
            "path": file.path,
            "lines": [function.first_line, function.last_line],
            "digest": function.digest,
            "licence": licence,
        }
        self._open().keep(function.id, record)
        self._known.add(function.id)
        self._kept += 1
        if self._kept == self._shard_size:
            self._publish()

    def _open(self) -> ShardWriter:
        if self._writer is None:
            self._writer = ShardWriter(ShardPaths(self._found.folder, self._next), resume=False)
        return self._writer

    def _publish(self) -> None:
        if self._writer is None:
            return
        self._writer.publish()
        self._writer = None
        self._next += 1
        self._kept = 0
        self._remember()

    def _remember(self) -> None:
        self._lease.check()
        self._found.ledger.record(self._entries)
        self._entries = {}


class SeedShard(luigi.ExternalTask):
    """A published seed shard, as the input of the stages after it."""

    shard = luigi.IntParameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(session.current().shard(STAGE, self.shard).records))
