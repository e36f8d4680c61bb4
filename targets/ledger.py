"""The ledger: which source file holds which seeds, as last observed.

Append-only: each observation of a file is a checksummed line, and the last line for a key counts. Replaced
observations are dropped once they are the greater part of the file. Reading changes nothing. Memory holds
the offset of each observation; its content is read on demand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from targets.atomic import publish
from targets.journal import Journal, decode, encode


class Ledger:
    """Observations by key. An observation is any JSON object; its content is up to the caller.

    `damaged` counts lines that failed their checksum: their observations are lost, and have to be made again.
    Another process may replace the file; this one keeps reading the file that it opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()

    def _open(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}  # offset and length of the line that counts
        self._lines = self._end = self.damaged = 0
        self._file: BinaryIO | None = None
        self._follow()

    def _follow(self) -> None:
        """Read the whole lines that are new."""
        if self._file is None:
            if not self.path.exists():
                return
            self._file = open(self.path, "rb")  # noqa: SIM115
        self._file.seek(self._end)
        for line in self._file:
            if not line.endswith(b"\n"):
                return
            place = self._end, len(line)
            self._end += len(line)
            observation = decode(line)
            if observation is None:
                self.damaged += 1
                continue
            self._lines += 1
            if observation["entry"] is None:
                self._places.pop(observation["key"], None)
            else:
                self._places[observation["key"]] = place

    def compact(self) -> None:
        """Rewrite the file with the current observations."""
        publish(self.path, (encode({"key": key, "entry": entry}) for key, entry in self.items()))
        self._open()

    def get(self, key: str) -> dict[str, Any] | None:
        if key not in self._places or self._file is None:
            return None
        offset, length = self._places[key]
        # pread, because a forked process shares the file's position.
        observation = decode(os.pread(self._file.fileno(), length, offset))
        if observation is None:
            raise OSError(f"{self.path} was changed at byte {offset} while it was read")
        entry: dict[str, Any] = observation["entry"]
        return entry

    def __iter__(self) -> Iterator[str]:
        """All keys, in order."""
        return iter(sorted(self._places))

    def items(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All current observations, by key, one in memory at a time."""
        for key in self:
            entry = self.get(key)
            assert entry is not None
            yield key, entry

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def touch(self) -> None:
        """Make the file exist: an empty ledger means that everything was scanned and nothing was found."""
        Journal(self.path).close()

    def record(self, entries: dict[str, dict[str, Any] | None]) -> None:
        """Append observations durably; None records that the file is gone.

        The caller must have kept other processes from writing since the ledger was opened.
        """
        if not entries:
            return
        with Journal(self.path) as journal:
            for key, entry in entries.items():
                journal.append({"key": key, "entry": entry})
        self._follow()
        if self._lines > 1000 and self._lines > 2 * len(self._places):
            self.compact()
