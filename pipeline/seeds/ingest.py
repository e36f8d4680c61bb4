"""From changed parts of the sources to new seed shards: read, judge by rule, write, then tell the ledger.

In: parts that the ledger does not know as they are now. Out: kept seeds and rejections in new shards, and for
each part an entry in the ledger: what is in it, so that it need not be read again. The ledger learns of a
part only when all its seeds are in published shards: a crash in between costs reading it again, and its seeds
are then found to be there.

A seed that resembles one in force is dropped, the earlier one stays; a seed that is in force already is never
dropped for a later one. What a dropped seed resembles is in the ledger too: when that goes, it is read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.seeds import rules as filters
from pipeline.seeds import typecheck
from pipeline.seeds.criteria import Wanted
from pipeline.seeds.definitions import Definition, Dropped, decode, definitions
from pipeline.seeds.snapshot import Ids, Places
from pipeline.sources import Change, Document, Part, Source, Unread, licences
from pipeline.text.nearduplicates import NearDuplicates
from targets import Lease, Ledger, ShardPaths, ShardWriter

_MOST_CHANGED = 3  # definitions by one commit: the message of a larger one says little of each
_MOST_REJECTIONS = 50_000  # in one shard: they are sorted in memory when it is published


@dataclass(slots=True)
class _Entry:
    """What the ledger will know of a part; filled while the part is read."""

    part: Part
    state: list[Any]
    documents: list[list[str | None]] = field(default_factory=list)
    seeds: list[list[Any]] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    resembles: set[str] = field(default_factory=set)

    def place(self, path: str, name: str = "", line: int = 0) -> str:
        """The id under which something of this part is rejected."""
        return (
            f"{self.part.source}/{path}"
            + (f":{line}" if line else "")
            + (f":{name}" if name else "")
        )

    def add(self, candidate: _Candidate) -> None:
        origin = [candidate.record[key] for key in ("path", "licence", "repository", "revision")]
        if not self.documents or self.documents[-1] != origin:
            self.documents.append(origin)
        record = candidate.record
        self.seeds.append([record["id"], record["name"], *record["lines"], len(self.documents) - 1])

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.part.source,
            "path": self.part.path,
            "signature": self.state,
            "documents": self.documents,
            "seeds": self.seeds,
            "rules": dict(self.rules),
            "resembles": sorted(self.resembles),
        }


@dataclass(slots=True)
class _Candidate:
    """A definition that no rule of its own text drops."""

    entry: _Entry
    place: str
    record: dict[str, Any]


class Intake:
    """One scan's work. `in_force` are the ids in force before it, `settled` those in parts that stay."""

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        lease: Lease,
        wanted: Wanted,
        shard_size: int,
        in_force: Ids,
        settled: Places,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._lease = lease
        self._wanted = wanted
        self._shard_size = shard_size
        self._in_force = in_force
        self._settled = settled
        published = ShardPaths.published(folder)
        self._next = published[-1].number + 1 if published else 0
        self._index = NearDuplicates(wanted.near_duplicates) if wanted.near_duplicates else None
        self._in_shards = Ids(self._read_again(published))
        self._first_place: dict[str, str] = {}  # of what this scan finds
        self._writer: ShardWriter | None = None
        self._kept = self._rejected = 0
        self._finished: dict[str, dict[str, Any] | None] = {}

    def _read_again(self, published: list[ShardPaths]) -> Iterator[str]:
        """The ids of all seeds in shards; those that stay are what later ones may resemble."""
        for shard in published:
            for seed in shard.read():
                if self._index is not None and seed["id"] in self._settled:
                    self._index.add(seed["id"], seed["code"])
                yield seed["id"]

    def take(
        self, parts: Iterable[tuple[Source, Part, list[Any]]], advance: Callable[[], None]
    ) -> None:
        """Read parts, each with its source and the state that the ledger is to remember it in."""
        for stale in self._folder.glob("shard-*.journal"):
            # Of an interrupted scan; reading the sources again is cheaper than trusting it.
            stale.unlink()
        items = self._read(parts)
        while batch := list(islice(items, typecheck.BATCH)):
            candidates = [item for item in batch if isinstance(item, _Candidate)]
            faults = (
                typecheck.faults({item.record["id"]: item.record["code"] for item in candidates})
                if self._wanted.type_check
                else {}
            )
            for item in batch:
                if isinstance(item, _Candidate):
                    self._settle(item, faults.get(item.record["id"]))
                else:
                    self._finished[item.part.key] = item.as_json()
                    advance()
        self._publish()
        self._remember()

    def _read(
        self, parts: Iterable[tuple[Source, Part, list[Any]]]
    ) -> Iterator[_Candidate | _Entry]:
        """The candidates of each part, then its entry: the part was read to its end."""
        for source, part, state in parts:
            entry = _Entry(part, state)
            allowed = self._wanted.allow_list(source)
            for document in _documents(source, part):
                if isinstance(document, Unread):
                    self._reject(
                        entry, entry.place(document.place), document.rule, document.evidence
                    )
                else:
                    for found in _judged(entry, document, source.share, allowed, self._wanted):
                        if isinstance(found, _Candidate):
                            yield found
                        else:
                            self._reject(entry, *found)
            yield entry

    def _settle(self, candidate: _Candidate, type_error: str | None) -> None:
        entry, record = candidate.entry, candidate.record
        seed = record["id"]
        if type_error is not None:
            self._reject(entry, candidate.place, "type_error", type_error)
            return
        if first := self._first_place.get(seed) or self._settled.get(seed):
            # Counted from the ledger: which place is the first may change as files come and go.
            evidence = f"same text as {first}, seed {seed}"
            self._open().reject(candidate.place, "duplicate", evidence)
            entry.add(candidate)
            return
        if self._index is not None:
            match = None if seed in self._in_force else self._index.find(record["code"])
            if match is not None:
                evidence = f"resembles seed {match.id} (Jaccard {match.similarity:.2f})"
                self._reject(entry, candidate.place, "near_duplicate", evidence)
                entry.resembles.add(match.id)
                return
            self._index.add(seed, record["code"])
        self._first_place[seed] = candidate.place
        entry.add(candidate)
        if seed not in self._in_shards:
            self._open().keep(seed, record)
            self._kept += 1
            if self._kept == self._shard_size:
                self._publish()

    def _reject(self, entry: _Entry, place: str, rule: str, evidence: str) -> None:
        entry.rules[rule] += 1
        self._open().reject(place, rule, evidence)
        self._rejected += 1
        if self._rejected == _MOST_REJECTIONS:
            self._publish()

    def _open(self) -> ShardWriter:
        if self._writer is None:
            self._writer = ShardWriter(ShardPaths(self._folder, self._next), resume=False)
        return self._writer

    def _publish(self) -> None:
        if self._writer is None:
            return
        self._writer.publish()
        self._writer = None
        self._next += 1
        self._kept = self._rejected = 0
        self._remember()

    def _remember(self) -> None:
        self._lease.check()
        self._ledger.record(self._finished)
        self._finished = {}


def count_new(parts: Iterable[tuple[Source, Part]], wanted: Wanted, known: Container[str]) -> int:
    """How many seeds that are not known are in parts, at most: as far as the text of each tells by itself."""
    new: set[str] = set()
    for source, part in parts:
        entry, allowed = _Entry(part, []), wanted.allow_list(source)
        for document in _documents(source, part):
            if isinstance(document, Unread):
                continue
            for found in _judged(entry, document, source.share, allowed, wanted):
                if isinstance(found, _Candidate) and found.record["id"] not in known:
                    new.add(found.record["id"])
    return len(new)


def _judged(
    entry: _Entry,
    document: Document,
    share: float,
    allowed: licences.AllowList,
    wanted: Wanted,
) -> Iterator[_Candidate | tuple[str, str, str]]:
    """The candidates of a document, and what is dropped for its own text: place, rule, evidence."""
    text = decode(document.content)
    if isinstance(text, Dropped):
        yield entry.place(document.place), text.rule, text.evidence
        return
    licence = licences.from_header(text) or document.licence
    if not allowed.allows(licence):
        evidence = licence or licences.UNKNOWN
        yield entry.place(document.place), "licence_not_allowed", evidence
        return
    found = list(definitions(text, wanted.kinds))
    if document.change is not None:
        found = [item for item in found if _touched(item, document.change)]
    if not found:
        kinds = ", ".join(sorted(wanted.kinds))
        yield entry.place(document.place), "no_definition", f"no {kinds}"
    if document.change is not None and len(found) > _MOST_CHANGED:
        evidence = f"{len(found)} definitions, more than {_MOST_CHANGED}"
        yield entry.place(document.place), "changes_much", evidence
        return
    for item in found:
        place = entry.place(document.place, item.name, item.first_line)
        if isinstance(item, Dropped):
            yield place, item.rule, item.evidence
        elif fault := filters.fault(item, wanted.rules):
            yield place, *fault
        elif not _in_share(item.id, share):
            yield place, "not_sampled", f"share {share}"
        else:
            yield _Candidate(entry, place, _record(entry.part, document, item, licence))


def _documents(source: Source, part: Part) -> Iterator[Document | Unread]:
    """A part's documents; one that cannot be read any more is named."""
    if part.left_out is not None:
        yield part.left_out
        return
    try:
        yield from source.documents(part)
    except OSError as error:
        yield Unread(part.path, "unreadable", error.strerror or str(error))


def _record(
    part: Part, document: Document, item: Definition, licence: str | None
) -> dict[str, Any]:
    message = {"message": document.change.message} if document.change else {}
    return {
        "id": item.id,
        "code": item.code,
        "name": item.name,
        "kind": item.kind,
        "source": part.source,
        "path": document.path,
        "lines": [item.first_line, item.last_line],
        "digest": item.digest,
        "licence": licence,
        "repository": document.repository,
        "revision": document.revision,
        **message,
    }


def _touched(item: Definition | Dropped, change: Change) -> bool:
    return isinstance(item, Definition) and change.touches(item.first_line, item.last_line)


def _in_share(seed_id: str, share: float) -> bool:
    """Ids are hashes, so a share of them is a random sample that stays the same as sources grow."""
    return int(seed_id[:8], 16) < share * 2**32
