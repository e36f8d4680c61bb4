"""The ledger: which source file gave which seeds, as last seen.

Append-only: each observation of a file is a checksummed line, the last line for a key counts. Observations
that newer ones have replaced are dropped when they have become the greater part of it. Reading changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from targets.atomic import publish
from targets.journal import Journal, damaged_lines, encode, read_journal


class Ledger:
    """Observations by key. An observation is any JSON object; what is in it is the caller's business.

    `damaged` counts lines that failed their checksum: what they said is forgotten, and found out again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, dict[str, Any]] = {}
        self._lines = 0
        self.damaged = 0
        if path.exists():
            self.damaged = damaged_lines(path)
            for line in read_journal(path):
                self._lines += 1
                self._apply(line)

    def _apply(self, line: dict[str, Any]) -> None:
        if line["entry"] is None:
            self._entries.pop(line["key"], None)
        else:
            self._entries[line["key"]] = line["entry"]

    def compact(self) -> None:
        """Write the file anew with what counts."""
        publish(
            self.path,
            (encode({"key": key, "entry": entry}) for key, entry in self._entries.items()),
        )
        self._lines = len(self._entries)
        self.damaged = 0

    def get(self, key: str) -> dict[str, Any] | None:
        return self._entries.get(key)

    def items(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All current observations, by key."""
        return iter(sorted(self._entries.items()))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def touch(self) -> None:
        """Make the file exist: an empty ledger says that everything was looked at and nothing found."""
        Journal(self.path).close()

    def record(self, entries: dict[str, dict[str, Any] | None]) -> None:
        """Append observations durably; None says that the file is gone."""
        if not entries:
            return
        with Journal(self.path) as journal:
            for key, entry in entries.items():
                line = {"key": key, "entry": entry}
                journal.append(line)
                self._apply(line)
                self._lines += 1
        if self._lines > 1000 and self._lines > 2 * len(self._entries):
            self.compact()
