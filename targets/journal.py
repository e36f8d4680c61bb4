"""An append-only file of checksummed records: the finished records of an unfinished file.

A line is the CRC-32 of its payload in eight hex digits, a space, the payload as compact JSON. When `append`
returns, the record is in the kernel's page cache, so it survives the death of the process; it survives
power loss once synced, at most `sync_seconds` later. A torn last line is cut when the journal is opened; a
damaged line further up is skipped and counted, its neighbours are kept.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from targets.atomic import publish


class Journal:
    """One writer's journal. `damaged` counts the lines that failed their checksum at opening."""

    def __init__(self, path: Path, sync_seconds: float = 1.0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.damaged = 0
        self._sync_seconds = sync_seconds
        self._synced_at = time.monotonic()
        self._cut_torn_tail()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _cut_torn_tail(self) -> None:
        try:
            with open(self.path, "r+b") as file:
                content_end = _last_newline(file)
                if content_end != os.fstat(file.fileno()).st_size:
                    file.truncate(content_end)
                    os.fsync(file.fileno())
        except FileNotFoundError:
            return

    def records(self) -> Iterator[dict[str, Any]]:
        """All sound records, in the order they were appended."""
        self.damaged = 0
        for record in _lines(self.path):
            if record is None:
                self.damaged += 1
            else:
                yield record

    def located(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """All sound records with the byte offsets of their lines, for `at`."""
        offset = 0
        with open(self.path, "rb") as file:
            for line in file:
                record = decode(line)
                if record is not None:
                    yield offset, record
                offset += len(line)

    def at(self, offsets: Iterable[int]) -> Iterator[dict[str, Any]]:
        """The records at these offsets, in this order, one in memory at a time."""
        with open(self.path, "rb") as file:
            for offset in offsets:
                file.seek(offset)
                record = decode(file.readline())
                if record is None:
                    raise OSError(f"{self.path} was changed at byte {offset} while it was read")
                yield record

    def append(self, record: dict[str, Any]) -> None:
        """Add one record. Raises OSError, after which the journal still holds whole records only."""
        line = encode(record)
        end = os.fstat(self._descriptor).st_size
        written = 0
        try:
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        except OSError:
            # A full disk may take part of a line: take it back, so that the next append starts clean.
            os.ftruncate(self._descriptor, end)
            raise
        if time.monotonic() - self._synced_at >= self._sync_seconds:
            self.sync()

    def sync(self) -> None:
        """Make everything appended so far survive power loss."""
        os.fsync(self._descriptor)
        self._synced_at = time.monotonic()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Close and delete the journal: what it held is published."""
        self.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def renew(path: Path) -> int:
    """Replace a journal by a new file with its sound lines; return how many lines were damaged.

    A process that was taken for dead and still has the old file open writes to the old file only.
    """
    damaged = 0

    def sound() -> Iterator[bytes]:
        nonlocal damaged
        for record in _lines(path):
            if record is None:
                damaged += 1
            else:
                yield encode(record)

    if path.exists():
        publish(path, sound())
    return damaged


def damaged_lines(path: Path) -> int:
    """How many whole lines of a journal fail their checksum; a torn last one is not among them."""
    with open(path, "rb") as file:
        return sum(line.endswith(b"\n") and decode(line) is None for line in file)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The sound records of a journal that another process may be writing: nothing is repaired."""
    return (record for record in _lines(path) if record is not None)


def read_from(path: Path, offset: int) -> tuple[list[dict[str, Any]], int]:
    """The sound records from a byte offset on, as far as whole lines go, and the offset after them."""
    with open(path, "rb") as file:
        file.seek(offset)
        content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    decoded = (decode(line) for line in whole.splitlines())
    return [record for record in decoded if record is not None], offset + len(whole)


def _lines(path: Path) -> Iterator[dict[str, Any] | None]:
    with open(path, "rb") as file:
        for line in file:
            yield decode(line)


def encode(record: dict[str, Any]) -> bytes:
    """A record as a journal line."""
    payload = orjson.dumps(record)
    return b"%08x %s\n" % (zlib.crc32(payload), payload)


def decode(line: bytes) -> dict[str, Any] | None:
    """The record of a journal line; None for one that is damaged."""
    checksum, _, payload = line.rstrip(b"\n").partition(b" ")
    try:
        if len(checksum) != 8 or int(checksum, 16) != zlib.crc32(payload):
            return None
        record = orjson.loads(payload)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _last_newline(file: Any) -> int:
    """The offset just past the last newline of an open binary file."""
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        start = max(0, position - 65536)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            return int(start + newline + 1)
        position = start
    return 0
