"""The current seeds at one moment: those that the ledger's entries hold, each with its place in the sources.

In: entries of parts, in the ledger's order (ingest.py writes them). Out: the place of each seed, by id. A seed that
occurs twice belongs to the first place; the others count as duplicates. Memory: about 32 bytes a seed; its place is
in a temporary file.
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

import orjson

from pipeline.text.numeric import np

_PIECE = 10_000  # places read at a time


class Ids:
    """A set of seed ids, eight bytes each. `given` is the number of ids with repetitions."""

    def __init__(self, ids: Iterable[str]) -> None:
        given = np.fromiter((int(id, 16) for id in ids), np.uint64)
        self.given = len(given)
        self.numbers, self.first = np.unique(given, return_index=True)

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, id: str) -> bool:
        return self.index(id) is not None

    def index(self, id: str) -> int | None:
        """The position of an id in ascending order; None when it is not in the set."""
        number = np.uint64(int(id, 16))
        index = int(np.searchsorted(self.numbers, number))
        return index if index < len(self) and self.numbers[index] == number else None


class Places(Mapping[str, Any]):
    """The place of each seed (any JSON), by id, in the order of the ids. Of equal ids the first counts."""

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
        # With an offset, because a forked process shares the file's position.
        return orjson.loads(os.pread(self._file.fileno(), int(self._sizes[index]), int(self._starts[index])))

    def as_json(self) -> Iterator[bytes]:
        """The mapping as one JSON object, a piece at a time."""
        file = self._file.fileno()
        separator = b"{"
        for first in range(0, len(self), _PIECE):
            piece = slice(first, first + _PIECE)
            # As lists, because reading an array number by number takes ten times as long.
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
    """The current seeds: `occurrences` is the place of each by id, `rules` the number of rejections by rule."""

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

    def funnel(self, in_shards: int, not_taken: int = 0) -> dict[str, Any]:
        """Counts that reconcile: definitions, and files that give none (`in`) = seeds (`kept`) + `rejected`.

        `in_shards` is the number of seeds in all shards in use: the current ones, and those that are no longer in a
        source, which the selection leaves out. `not_taken` seeds are in shards that the dataset does without.
        """
        rules = {**self.rules, **({"not_taken": not_taken} if not_taken else {})}
        rejected = sum(rules.values())
        return {
            "in": in_shards + rejected,
            "kept": in_shards,
            "rejected": rejected,
            "rules": dict(sorted(rules.items())),
            "in_force": len(self.occurrences),
        }


def _occurrences(entries: Iterable[dict[str, Any]], rules: Counter[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each seed of each entry with its place; adds the entries' rejections to `rules`."""
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
