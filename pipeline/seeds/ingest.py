"""Ingests changed parts of the sources: candidates become seeds in new shards, then the ledger records the parts.

In: parts whose ledger entry is missing or out of date. Out: seeds and rejections in new shards, and for each part a
ledger entry with its contents, so that it need not be read again. The ledger records a part only when all its seeds
are in published shards: after a crash in between, the part is read again, and its seeds are recognised by their ids.

A seed that resembles a current one is rejected: the earlier one stays, and a current seed is never rejected in favour
of a later one. The ledger also records which seed a rejected one resembled: when that is gone, the part is read again.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from pipeline.records import Rejection, Seed
from pipeline.seeds import typecheck
from pipeline.seeds.candidates import Candidate, candidates_of
from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.fragments import FRAGMENTS
from pipeline.seeds.snapshot import Ids, Places
from pipeline.sources import LeftOut, Part, Source
from pipeline.text.nearduplicates import NearDuplicates
from targets import Lease, Ledger, ShardPaths, ShardWriter

_MOST_REJECTIONS = 50_000  # in one shard: they are sorted in memory when it is published


@dataclass(slots=True)
class _Entry:
    """A part's ledger entry, filled while the part is read."""

    part: Part
    signature: list[Any]
    # [path, licence, repository, revision]
    documents: list[list[str | None]] = field(default_factory=list)
    # [id, name, first line, last line, index in documents]
    seeds: list[list[Any]] = field(default_factory=list)
    # rejections by rule
    rules: Counter[str] = field(default_factory=Counter)
    # ids of the seeds that rejected ones resemble
    resembles: set[str] = field(default_factory=set)

    def add(self, seed: Seed) -> None:
        origin = [seed["path"], seed["licence"], seed["repository"], seed["revision"]]
        if not self.documents or self.documents[-1] != origin:
            self.documents.append(origin)
        self.seeds.append([seed["id"], seed["name"], *seed["lines"], len(self.documents) - 1])

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.part.source,
            "path": self.part.path,
            "signature": self.signature,
            "documents": self.documents,
            "seeds": self.seeds,
            "rules": dict(self.rules),
            "resembles": sorted(self.resembles),
        }


# Each candidate with its part's entry; None marks the end of a part.
Items = Iterator[tuple[_Entry, "Candidate | None"]]


class Ingest:
    """One pass over changed parts.

    `current` are the ids of the seeds that are current before it, `settled` the places of those in unchanged parts.
    """

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        lease: Lease,
        criteria: SeedCriteria,
        shard_size: int,
        current: Ids,
        settled: Places,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._lease = lease
        self._criteria = criteria
        self._shard_size = shard_size
        self._current = current
        self._settled = settled
        published = ShardPaths.published(folder)
        self._next = published[-1].number + 1 if published else 0
        threshold = criteria.near_duplicates
        self._index = NearDuplicates(threshold) if threshold else None
        self._in_shards = Ids(self._index_settled(published))
        self._first_place: dict[str, str] = {}  # by id, of the seeds that this pass added
        self._writer: ShardWriter | None = None
        self._kept = self._rejected = 0
        self._finished: dict[str, dict[str, Any] | None] = {}

    def _index_settled(self, published: list[ShardPaths]) -> Iterator[str]:
        """The ids of all seeds in shards; the settled ones are added to the index, for later ones to resemble."""
        for shard in published:
            for seed in shard.read():
                if self._index is not None and seed["id"] in self._settled:
                    self._index.add(seed["id"], seed["code"])
                yield seed["id"]

    def run(self, parts: Iterable[tuple[Source, Part, list[Any]]], advance: Callable[[], None]) -> None:
        """Read parts, each with its source and the signature to record; `advance` is called after each part."""
        for stale in self._folder.glob("shard-*.journal"):
            # Of an interrupted pass; reading the sources again is cheaper than verifying it.
            stale.unlink()
        items = self._read(parts)
        if self._criteria.by_hash:
            items = self._lowest_first(items)
        while batch := list(islice(items, typecheck.BATCH)):
            type_errors = self._type_errors(batch) if self._has_room else {}
            for entry, item in batch:
                if isinstance(item, Candidate):
                    self._settle(entry, item, type_errors.get(item.seed["id"]))
                else:
                    self._finished[entry.part.key] = entry.as_json()
                    advance()
        self._publish()
        self._record()

    def _lowest_first(self, items: Items) -> Items:
        """All candidates by their ids, which are hashes, the current ones first; then the ends of the parts.

        Where the number of seeds or rows is limited, a higher limit then only adds to those of a lower one. Candidates
        wait in a file: all of a large source do not fit into memory.
        """
        entries: list[_Entry] = []
        places: list[tuple[bool, str, int, int]] = []  # ids and offsets, with the number of the part's entry
        with tempfile.TemporaryFile() as waiting:
            for entry, item in items:
                if not entries or entries[-1] is not entry:
                    entries.append(entry)
                if item is not None:
                    id = item.seed["id"]
                    places.append((id not in self._current, id, waiting.tell(), len(entries) - 1))
                    waiting.write(orjson.dumps([item.place, item.seed], option=orjson.OPT_APPEND_NEWLINE))
            for _, _, offset, number in sorted(places):
                waiting.seek(offset)
                yield entries[number], Candidate(*orjson.loads(waiting.readline()))
        yield from ((entry, None) for entry in entries)

    @property
    def _has_room(self) -> bool:
        """Whether another seed is within the limit."""
        limit = self._criteria.limit
        return not limit or len(self._settled) + len(self._first_place) < limit

    def _type_errors(self, batch: list[tuple[_Entry, Candidate | None]]) -> dict[str, str]:
        """The first type error of each candidate that has one, by id; none where types are not checked."""
        if not self._criteria.type_check:
            return {}
        seeds = [item.seed for _, item in batch if item]
        return typecheck.faults({seed["id"]: seed["code"] for seed in seeds if seed["kind"] != FRAGMENTS})

    def _read(self, parts: Iterable[tuple[Source, Part, list[Any]]]) -> Items:
        """Each candidate with its part's entry; None marks the end of a part."""
        for source, part, signature in parts:
            entry = _Entry(part, signature)
            for item in candidates_of(source, part, self._criteria):
                if isinstance(item, LeftOut):
                    self._reject(entry, item.place, item.rejection)
                else:
                    yield entry, item
            yield entry, None

    def _settle(self, entry: _Entry, candidate: Candidate, type_error: str | None) -> None:
        """Keep or reject a candidate by the rules that compare it with other seeds."""
        seed = candidate.seed
        id = seed["id"]
        if type_error is not None:
            self._reject(entry, candidate.place, Rejection("type_error", type_error))
            return
        if first := self._first_place.get(id) or self._settled.get(id):
            # Counted from the ledger: which place is the first may change as files come and go.
            duplicate = Rejection("duplicate", f"same text as {first}, seed {id}")
            self._open().reject(candidate.place, duplicate.rule, duplicate.evidence)
            entry.add(seed)
            return
        if not self._has_room:
            self._reject(entry, candidate.place, Rejection("beyond_limit", f"{self._criteria.limit} seeds are taken"))
            return
        if self._index is not None:
            match = None if id in self._current else self._index.find(seed["code"])
            if match is not None:
                evidence = f"resembles seed {match.id} (Jaccard {match.similarity:.2f})"
                self._reject(entry, candidate.place, Rejection("near_duplicate", evidence))
                entry.resembles.add(match.id)
                return
            self._index.add(id, seed["code"])
        self._first_place[id] = candidate.place
        entry.add(seed)
        if id not in self._in_shards:
            self._open().keep(id, {**seed})
            self._kept += 1
            if self._kept == self._shard_size:
                self._publish()

    def _reject(self, entry: _Entry, place: str, rejection: Rejection) -> None:
        entry.rules[rejection.rule] += 1
        self._open().reject(place, rejection.rule, rejection.evidence)
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
        self._record()

    def _record(self) -> None:
        """Record the parts that are finished, if no other worker has taken the lease over."""
        self._lease.check()
        self._ledger.record(self._finished)
        self._finished = {}
