"""What every source of seeds looks like: parts that are known again, and the documents in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

MAX_BYTES = 10 * 1024 * 1024  # of one document; more is data, not code that a person wrote
READ_ATTEMPTS = 3  # for a file that someone is writing


@dataclass(frozen=True, slots=True)
class Unread:
    """A document, or a whole folder, that is not looked at: where it is, the rule, and the evidence."""

    place: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Part:
    """What is read as a whole and not again while its signature (any JSON) stays equal.

    A Python file, a git blob, or one file of a dataset, with all its rows. `path` is unique in its source.
    """

    source: str
    path: str
    signature: list[Any] = field(default_factory=list)
    left_out: Unread | None = None

    @property
    def key(self) -> str:
        """The ledger's key for this part."""
        return f"{self.source}\t{self.path}"


def source_of(key: str) -> str:
    """The source of the part with this key."""
    return key.partition("\t")[0]


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit says, and the first and last lines of what it wrote.

    Where it only took lines away, the last is before the first, and they are gone from between the two.
    """

    message: str
    lines: tuple[tuple[int, int], ...]

    def touches(self, first: int, last: int) -> bool:
        """Whether it wrote in, or took from, these lines."""
        return any(begin <= last and first <= end for begin, end in self.lines)


@dataclass(frozen=True, slots=True)
class Document:
    """One Python file's bytes with where they come from.

    `place` tells documents of a source apart, `path` is the file's path where it was written; `licence` is
    what the source says of it, `repository` and `revision` name the version, where there is one. With a
    `change`, only what it touches is looked at.
    """

    place: str
    path: str
    content: bytes
    licence: str | None = None
    repository: str | None = None
    revision: str | None = None
    change: Change | None = None


class Source(Protocol):
    """An entry of `[seeds] sources`. Of its definitions the share with the lowest ids is taken."""

    label: str
    published: bool  # written by others: the licence decides unless told otherwise
    share: float

    @property
    def where(self) -> str:
        """Where it is, for people."""
        ...

    def parts(self) -> Iterator[Part]:
        """What the source holds now, in a fixed order, without reading it; left-out parts included."""
        ...

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        """The documents of a part. Raises OSError when it cannot be read any more."""
        ...


def signature_of(status: os.stat_result) -> list[Any]:
    """What a file on disk is known again by.

    The change time is in it for files that get permission, or content behind an old modification time.
    """
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def read_whole(path: Path, place: str) -> bytes | Unread:
    """The content of a file as it was at one moment, unless it is too large. Raises OSError."""
    for _ in range(READ_ATTEMPTS):
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > MAX_BYTES:
                return Unread(place, "file_too_large", f"{before.st_size} bytes > {MAX_BYTES}")
            content = file.read(MAX_BYTES + 1)
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) == (len(content), after.st_mtime_ns):
            return content
    return Unread(place, "changing", f"written to during each of {READ_ATTEMPTS} readings")
