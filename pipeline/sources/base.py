"""The interface of a source of seeds: parts, each with a signature, and the documents in a part."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pipeline.records import Rejection, Rules

if TYPE_CHECKING:
    from pipeline.config import sections

MAX_BYTES = 10 * 1024 * 1024  # of one document; more is data, not code that a person wrote
READ_ATTEMPTS = 3  # for a file that another process is writing

RULES: Rules = {
    "unreadable": "The file or folder cannot be read: no permission, deleted since it was listed, "
    "damaged, or neither a file nor a folder.",
    "changing": f"The file was written to during each of {READ_ATTEMPTS} attempts to read it.",
    "file_too_large": f"The file is larger than {MAX_BYTES >> 20} MiB.",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A place in a source that gives no seed, and why."""

    place: str
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Part:
    """A unit of reading: a Python file, a git blob, a commit, or one file of a dataset with all its rows.

    A part is read as a whole, and read again only when its signature (any JSON) changes. `path` is unique in its
    source. `left_out` is the reason not to read the part at all.
    """

    source: str
    path: str
    signature: list[Any] = field(default_factory=list)
    left_out: Rejection | None = None

    @property
    def key(self) -> str:
        """The ledger's key for this part."""
        return f"{self.source}\t{self.path}"


def source_of(key: str) -> str:
    """The source of the part with this key."""
    return key.partition("\t")[0]


@dataclass(frozen=True, slots=True)
class Change:
    """A commit's message, and the first and last lines of each hunk that it wrote.

    Where a hunk only deletes lines, its last line is before its first: the deleted lines stood between the two.
    """

    message: str
    lines: tuple[tuple[int, int], ...]

    def touches(self, first: int, last: int) -> bool:
        """Whether the commit wrote in these lines, or deleted from them."""
        return any(begin <= last and first <= end for begin, end in self.lines)


@dataclass(frozen=True, slots=True)
class Document:
    """One Python file's bytes with their origin.

    `place` is unique among the documents of a source, `path` is the file's path where it was written; `licence` is
    what the source states for the file, `repository` and `revision` name its version, where there is one. With a
    `change`, only the definitions that it touches are read.
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
    published: bool  # written by others: by default its licence must be permissive
    share: float

    @property
    def where(self) -> str:
        """The location, for people."""
        ...

    def parts(self) -> Iterator[Part]:
        """The current parts in a fixed order, without reading them; left-out parts included."""
        ...

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        """The documents of a part. Raises OSError when it can no longer be read."""
        ...


class ConfigurableSource(Source, Protocol):
    """A source that is made from an entry of `[seeds] sources`."""

    # The rules of this source; those of base.py and exclusions.py are common to all.
    rules: ClassVar[Rules]

    @classmethod
    def claims(cls, label: str) -> bool:
        """Whether an entry has the form of this source."""
        ...

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> Source:
        """The source of a claimed entry; relative paths start at `root`.

        Raises MissingDataError for a source that is not there or not readable, ConfigError for a malformed entry.
        """
        ...


def signature_of(status: os.stat_result) -> list[Any]:
    """The signature of a file on disk: size, modification time and change time.

    The change time detects a new permission, and new content behind an old modification time.
    """
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def read_whole(path: Path, place: str) -> bytes | LeftOut:
    """The content of a file as it was at one moment, unless it is too large. Raises OSError."""
    for _ in range(READ_ATTEMPTS):
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > MAX_BYTES:
                return LeftOut(place, too_large(before.st_size))
            content = file.read(MAX_BYTES + 1)
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) == (len(content), after.st_mtime_ns):
            return content
    evidence = f"written to during each of {READ_ATTEMPTS} readings"
    return LeftOut(place, Rejection("changing", evidence))


def too_large(size: int) -> Rejection:
    """Rejects a document of more than MAX_BYTES; `size` is in bytes."""
    return Rejection("file_too_large", f"{size} bytes > {MAX_BYTES}")


def printable(text: str) -> str:
    """A name or text with a question mark for each character that UTF-8, and so a record, cannot hold."""
    return text.encode("utf-8", "replace").decode()


def unreadable(error: OSError) -> Rejection:
    """Rejects a file or folder that the operating system does not let us read."""
    return Rejection("unreadable", error.strerror or str(error))
