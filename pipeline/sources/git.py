"""Git repositories as a source: `git:PATH` or `git:PATH@REF`, a work tree or a bare repository.

Files are read from the commit that REF (HEAD by default) names, through the git program: what is not
committed is not seen. A file is read again only when its blob is another one; it keeps the commit in which
it was first seen so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pipeline.sources.base import MAX_BYTES, Document, Part, Unread
from pipeline.sources.exclusions import by_content, by_path
from pipeline.sources.repository import Repository

PREFIX = "git:"
_LINK = "120000"


class GitSource:
    """The Python files of one commit of a repository."""

    published = False
    share = 1.0

    def __init__(self, label: str, root: Path, include: frozenset[str] = frozenset()) -> None:
        self.label = label
        self._include = include
        self._repository = Repository(label, root)

    @property
    def where(self) -> str:
        return self._repository.where

    def parts(self) -> Iterator[Part]:
        for path, mode, blob, size in self._repository.files():
            if path.endswith(".py"):
                yield self._part(path, mode, blob, size)

    def _part(self, path: str, mode: str, blob: str, size: int) -> Part:
        found = by_path(path, self._include)
        if mode == _LINK:
            found = ("linked_file", "a symbolic link")
        elif size > MAX_BYTES:
            found = ("file_too_large", f"{size} bytes > {MAX_BYTES}")
        left_out = Unread(path, *found) if found else None
        return Part(self.label, path, [blob], left_out)

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        repository = self._repository
        content = repository.read(part.signature[0])
        if found := by_content(content, self._include):
            yield Unread(part.path, *found)
        else:
            licence = repository.licence_of(str(PurePosixPath(part.path).parent))
            yield Document(
                part.path, part.path, content, licence, repository.url, repository.commit
            )
