"""The seeds in force at one moment: what the ledger says is in the sources, and where.

In: observations of parts, in the ledger's order. Out: where each seed stands, by id. A seed that is found twice
belongs to the first place; the others count as duplicates. Millions of seeds are no burden beside a model: of
each some bytes are in memory, and its place waits in a temporary file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import orjson

_PIECE = 10_000  # places that are read at a time


class Ids:
    """A set of seed ids, eight bytes each. `given` counts equal ones as often as they were given."""

    def __init__(self, ids: Iterable[str]) -> None:
        given = np.fromiter((int(id, 16) for id in ids), np.uint64)
        self.given = len(given)
        self.numbers, self.first = np.unique(given, return_index=True)

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, id: str) -> bool:
        return self.index(id) is not None

    def index(self, id: str) -> int | None:
        """Which one an id is, in order; None when it is not there."""
        number = np.uint64(int(id, 16))
        index = int(np.searchsorted(self.numbers, number))
        return index if index < len(self) and self.numbers[index] == number else None


class Places(Mapping[str, Any]):
    """Where each seed stands, any JSON, by id and in the order of the ids. Of equal ids the first counts."""

    def __init__(self, places: Iterable[tuple[str, Any]]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        lengths = array("Q")

        def written() -> Iterator[str]:
            for id, place in places:
                lengths.append(self._file.write(orjson.dumps(place, option=orjson.OPT_SORT_KEYS)))
                yield id

        self.ids = Ids(written())
        self._file.flush()
        sizes = np.array(lengths, np.uint64)
        self._starts = (np.cumsum(sizes) - sizes)[self.ids.first]
        self._sizes = sizes[self.ids.first]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        return (f"{number:016x}" for number in self.ids.numbers)

    def __contains__(self, id: object) -> bool:
        return id in self.ids if isinstance(id, str) else False

    def __getitem__(self, id: str) -> Any:
        index = self.ids.index(id)
        if index is None:
            raise KeyError(id)
        # At a place of its own: a forked process shares the file's position.
        return orjson.loads(
            os.pread(self._file.fileno(), int(self._sizes[index]), int(self._starts[index]))
        )

    def as_json(self) -> Iterator[bytes]:
        """All of it as one JSON object, a piece at a time."""
        file = self._file.fileno()
        separator = b"{"
        for first in range(0, len(self), _PIECE):
            piece = slice(first, first + _PIECE)
            # Lists, because numbers are taken out of an array one by one at ten times the cost.
            numbers, sizes, starts = (
                column[piece].tolist() for column in (self.ids.numbers, self._sizes, self._starts)
            )
            lines = [
                b'"%016x":%b' % (number, os.pread(file, size, start))
                for number, size, start in zip(numbers, sizes, starts, strict=True)
            ]
            yield separator + b",".join(lines)
            separator = b","
        yield b"}" if len(self) else b"{}"


class Snapshot:
    """The seeds in force: `occurrences` says where each seed id stands now, `rules` what was dropped."""

    def __init__(self, entries: Iterable[dict[str, Any]]) -> None:
        rules: Counter[str] = Counter()
        self.occurrences = Places(_occurrences(entries, rules))
        rules["duplicate"] += self.occurrences.ids.given - len(self.occurrences)
        self.rules = dict(+rules)

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over ids and places: equal snapshots give equal datasets."""
        digest = hashlib.sha256()
        for piece in self.occurrences.as_json():
            digest.update(piece)
        return digest.hexdigest()[:16]

    def funnel(self, in_shards: int) -> dict[str, Any]:
        """What was looked at (definitions, and files that give none) = seeds + what was dropped, by rule.

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


def _occurrences(
    entries: Iterable[dict[str, Any]], rules: Counter[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each seed of each entry with its place; the entries' rules are counted on the way."""
    for entry in entries:
        rules.update(entry["rules"])
        for seed, name, first, last, document in entry["seeds"]:
            path, licence, repository, revision = entry["documents"][document]
            place = {
                "source": entry["source"],
                "path": path,
                "name": name,
                "lines": [first, last],
                "licence": licence,
                "repository": repository,
                "revision": revision,
            }
            yield seed, place
