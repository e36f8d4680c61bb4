"""Writes rows and rejected records as files that a page opened from disk can load: scripts with base64 of gzip.

A page without a server may not `fetch`, but it may load script elements. Their data is base64, so no text of a
row is ever parsed as a script. `index-NNN.js` has a few columns of many rows, for the list, the filters and the
search; `rows-NNN.js` has whole rows, loaded when one is opened. `rejected-index-NNN.js` and `rejected-NNN.js` have the
same of rejected records.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

_INDEX_ROWS = 20_000
_CHUNK_ROWS = 1_000
_LISTED_CHARS = 200  # of a rejected record's instruction and evidence, in the list


@dataclass(frozen=True, slots=True)
class RowFiles:
    """The number of rows and the sizes of the files, for the page's script."""

    rows: int
    index_rows: int = _INDEX_ROWS
    chunk_rows: int = _CHUNK_ROWS


def write_rows(folder: Path, train: Path) -> RowFiles:
    """Write the files of all rows of train.jsonl into a new folder."""
    folder.mkdir()
    with train.open("rb") as lines:
        return _write_all(folder, lines, "index", "rows", _columns)


def write_rejected(folder: Path, records: Iterable[dict[str, Any]]) -> RowFiles:
    """Write the files of rejected records into the folder of the rows."""
    lines = (orjson.dumps(record) + b"\n" for record in records)
    return _write_all(folder, lines, "rejected-index", "rejected", _rejected_columns)


def _write_all(
    folder: Path,
    lines: Iterable[bytes],
    index_name: str,
    chunk_name: str,
    columns: Callable[[dict[str, Any]], list[Any]],
) -> RowFiles:
    count = 0
    index: list[bytes] = []
    for number, chunk in enumerate(_chunks(lines, _CHUNK_ROWS)):
        _write(folder / f"{chunk_name}-{number:03d}.js", chunk)
        index += (orjson.dumps(columns(orjson.loads(line))) + b"\n" for line in chunk)
        count += len(chunk)
        if len(index) == _INDEX_ROWS:
            _write(folder / f"{index_name}-{count // _INDEX_ROWS - 1:03d}.js", index)
            index = []
    if index:
        _write(folder / f"{index_name}-{count // _INDEX_ROWS:03d}.js", index)
    return RowFiles(count)


def _rejected_columns(record: dict[str, Any]) -> list[Any]:
    title = record.get("instruction") or record["id"]
    place = f"{record['path']} {record.get('name', '')}" if "path" in record else record["id"]
    evidence = record["evidence"][:_LISTED_CHARS]
    return [record["id"], title[:_LISTED_CHARS], record["stage"], record["rule"], place, evidence]


def _columns(row: dict[str, Any]) -> list[Any]:
    seed, samples = row["seed"], row["samples"]
    place = f"{seed['source']}/{seed['path']}"
    return [
        row["id"], row["instruction"], row["concepts"], row["category"], row["difficulty"],
        place, seed["name"], samples["passed"], samples["n"],
    ]  # fmt: skip


def _chunks(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _write(path: Path, lines: list[bytes]) -> None:
    packed = base64.b64encode(gzip.compress(b"".join(lines), compresslevel=6, mtime=0))
    path.write_bytes(b'receiveRows("%s","%s");\n' % (path.stem.encode(), packed))
