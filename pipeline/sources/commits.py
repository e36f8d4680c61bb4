"""The history of a git repository as a source: `commits:PATH` or `commits:PATH@REF`.

A part is one commit that is reachable from REF (HEAD by default). Its document is the changed file after the commit,
with the commit's message and the lines that it wrote; only definitions that the commit touched become seeds, each
with the message. A commit qualifies when its message describes the change (commit_messages.py) and it changed one
Python file; merges and commits of several files are left out by name. A commit never changes, so none is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pipeline.errors import MissingDataError
from pipeline.records import Rejection, Rules
from pipeline.sources import commit_messages
from pipeline.sources.base import MAX_BYTES, Change, Document, LeftOut, Part, too_large
from pipeline.sources.exclusions import by_content, by_path
from pipeline.sources.repository import RepositorySource

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_DIFF = ("diff-tree", "-r", "--root", "--no-commit-id", "--no-renames", "--diff-filter=AM")


class CommitsSource(RepositorySource):
    """The commits of a repository, newest first."""

    prefix = "commits:"
    rules: ClassVar[Rules] = {
        "merge_commit": "The commit has more than one parent; the commits that it merges count themselves.",
        "not_one_file": "The commit added or changed more or fewer than one Python file that is not excluded.",
        **commit_messages.RULES,
    }

    def __init__(self, label: str, root: Path, include: frozenset[str] = frozenset()) -> None:
        super().__init__(label, root, include)
        self._messages: dict[str, str] = {}

    @property
    def where(self) -> str:
        return f"commits of {self._repository.where}"

    def parts(self) -> Iterator[Part]:
        for _ in self._repository.files():
            pass  # the current licences count for all commits
        log = ("log", "-z", "--encoding=UTF-8", "--no-show-signature", "--format=%H%n%P%n%B")
        output = self._repository.git(*log, self._repository.commit, "--", "*.py")
        for entry in filter(None, output.split("\0")):
            # The last entry loses its line end, and with it, for an empty message, a field.
            commit, parents, message = f"{entry}\n\n".split("\n", 2)
            self._messages[commit] = commit_messages.cleaned(message)
            rejection = commit_messages.rejected(message)
            if " " in parents:
                rejection = Rejection("merge_commit", message.partition("\n")[0][:200])
            yield Part(self.label, commit, left_out=rejection)

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        try:
            yield from self._documents(part)
        except MissingDataError as error:
            # Objects that the repository does not hold: a partial clone, or a damaged one.
            raise OSError(error.problem) from None

    def _documents(self, part: Part) -> Iterator[Document | LeftOut]:
        repository = self._repository
        raw = repository.git(*_DIFF, "--raw", "-z", "--no-abbrev", part.path, "--", "*.py")
        fields = iter(raw.removesuffix("\0").split("\0")) if raw else iter(())
        blobs = {path: facts.split()[3] for facts, path in zip(fields, fields, strict=True)}
        paths = [path for path in blobs if not by_path(path, self._include)]
        if len(paths) != 1:
            yield LeftOut(part.path, Rejection("not_one_file", f"{len(paths)} files changed"[:200]))
            return
        [path] = paths
        content = repository.read(blobs[path])
        place = f"{part.path}/{path}"
        if len(content) > MAX_BYTES:
            yield LeftOut(place, too_large(len(content)))
        elif rejection := by_content(content, self._include):
            yield LeftOut(place, rejection)
        else:
            patch = repository.git(*_DIFF, "-p", "-U0", "--no-ext-diff", part.path, "--", path)
            change = Change(self._messages[part.path], tuple(_lines(patch)))
            licence = repository.licence_of(str(PurePosixPath(path).parent))
            yield Document(place, path, content, licence, repository.url, part.path, change)


def _lines(patch: str) -> Iterator[tuple[int, int]]:
    """First and last line of each hunk in the new file; for a pure deletion, the last is before the first."""
    for start, count in _HUNK.findall(patch):
        size = 1 if count == "" else int(count)
        first = int(start) + (size == 0)
        yield first, first + size - 1
