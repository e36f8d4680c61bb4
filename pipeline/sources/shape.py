"""What every source of seeds looks like: parts that are known again, and the documents in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

MAX_BYTES = 10 * 1024 * 1024  # of one document; more is data, not code that a person wrote


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


@dataclass(frozen=True, slots=True)
class Document:
    """One Python file's bytes with where they come from.

    `place` tells documents of a source apart, `path` is the file's path where it was written; `licence` is
    what the source says of it, `repository` and `revision` name the version, where there is one.
    """

    place: str
    path: str
    content: bytes
    licence: str | None = None
    repository: str | None = None
    revision: str | None = None


class Source(Protocol):
    """An entry of `[seeds] sources`. Of its definitions the share with the lowest ids is taken."""

    label: str
    published: bool  # written by others: the licence decides unless told otherwise
    share: float

    def parts(self) -> Iterator[Part]:
        """What the source holds now, in a fixed order, without reading it; left-out parts included."""
        ...

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        """The documents of a part. Raises OSError when it cannot be read any more."""
        ...


def read_bounded(path: Path) -> bytes | Unread:
    """A file's content, unless it is too large. Raises OSError."""
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        return Unread(str(path), "file_too_large", f"more than {MAX_BYTES} bytes")
    return content
