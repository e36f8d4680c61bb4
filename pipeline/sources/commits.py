"""The history of a git repository as a source: `commits:PATH` or `commits:PATH@REF`.

A part is one commit that REF (HEAD by default) reaches; its document is the file as the commit left it, with
what the commit says and which lines it wrote: only definitions that it touched are looked at, each a seed
with the commit's message. A commit counts when its message says something (text/messages.py) and it changed
one Python file; merges, and commits of several files, are left out by name. Nothing is read twice: a commit
never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pipeline.sources import commit_messages as messages
from pipeline.sources.base import MAX_BYTES, Change, Document, Part, Unread
from pipeline.sources.exclusions import by_content, by_path
from pipeline.sources.repository import Repository

PREFIX = "commits:"
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_DIFF = ("diff-tree", "-r", "--root", "--no-commit-id", "--no-renames", "--diff-filter=AM")


class CommitsSource:
    """The commits of a repository, newest first."""

    published = False
    share = 1.0

    def __init__(self, label: str, root: Path, include: frozenset[str] = frozenset()) -> None:
        self.label = label
        self._include = include
        self._repository = Repository(label, root)
        self._messages: dict[str, str] = {}

    @property
    def where(self) -> str:
        return f"commits of {self._repository.where}"

    def parts(self) -> Iterator[Part]:
        for _ in self._repository.files():
            pass  # the licences of today count for all commits
        log = ("log", "-z", "--encoding=UTF-8", "--no-show-signature", "--format=%H%n%P%n%B")
        listed = self._repository.git(*log, self._repository.commit, "--", "*.py")
        for entry in filter(None, listed.split("\0")):
            commit, parents, message = entry.split("\n", 2)
            self._messages[commit] = messages.cleaned(message)
            found = messages.fault(message)
            if " " in parents:
                found = ("merge_commit", message.partition("\n")[0][:200])
            yield Part(self.label, commit, left_out=Unread(commit, *found) if found else None)

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        repository = self._repository
        raw = repository.git(*_DIFF, "--raw", "-z", "--no-abbrev", part.path, "--", "*.py")
        fields = iter(raw.removesuffix("\0").split("\0")) if raw else iter(())
        changed = {path: facts.split()[3] for facts, path in zip(fields, fields, strict=True)}
        looked_at = [path for path in changed if not by_path(path, self._include)]
        if len(looked_at) != 1:
            yield Unread(part.path, "not_one_file", f"{len(looked_at)} files changed"[:200])
            return
        [path] = looked_at
        content = repository.read(changed[path])
        place = f"{part.path}/{path}"
        if len(content) > MAX_BYTES:
            yield Unread(place, "file_too_large", f"{len(content)} bytes > {MAX_BYTES}")
        elif found := by_content(content, self._include):
            yield Unread(place, *found)
        else:
            patch = repository.git(*_DIFF, "-p", "-U0", "--no-ext-diff", part.path, "--", path)
            change = Change(self._messages[part.path], tuple(_lines(patch)))
            licence = repository.licence_of(str(PurePosixPath(path).parent))
            yield Document(place, path, content, licence, repository.url, part.path, change)


def _lines(patch: str) -> Iterator[tuple[int, int]]:
    """First and last line of each hunk in the new file; where lines are only gone, the last is before the first."""
    for start, count in _HUNK.findall(patch):
        size = 1 if count == "" else int(count)
        first = int(start) + (size == 0)
        yield first, first + size - 1
