"""Git repositories as a source: `git:PATH` or `git:PATH@REF`, a work tree, a folder of one, or a bare repository.

Files are read from the commit that REF (HEAD by default) names, through the git program: uncommitted changes are not
visible. A file is read again only when its blob changes; its seeds keep the commit in which that blob was first read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import ClassVar

from pipeline.records import Rejection, Rules
from pipeline.sources.base import MAX_BYTES, Document, LeftOut, Part, too_large
from pipeline.sources.exclusions import by_content, by_path
from pipeline.sources.repository import RepositorySource

_LINK = "120000"


class GitSource(RepositorySource):
    """The Python files of one commit of a repository."""

    prefix = "git:"
    rules: ClassVar[Rules] = {
        "linked_file": "The file is a symbolic link in a commit; its target is read where it is.",
    }

    @property
    def where(self) -> str:
        return self._repository.where

    def parts(self) -> Iterator[Part]:
        below = self._repository.below
        for path, mode, blob, size in self._repository.files():
            if path.endswith(".py") and path.startswith(below):
                yield Part(self.label, path, [blob], self._left_out(path, mode, size))

    def _left_out(self, path: str, mode: str, size: int) -> Rejection | None:
        if mode == _LINK:
            return Rejection("linked_file", "a symbolic link")
        return too_large(size) if size > MAX_BYTES else by_path(path, self._include)

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        repository = self._repository
        content = repository.read(part.signature[0])
        if rejection := by_content(content, self._include):
            yield LeftOut(part.path, rejection)
        else:
            licence = repository.licence_of(str(PurePosixPath(part.path).parent))
            yield Document(part.path, part.path, content, licence, repository.url, repository.commit)
