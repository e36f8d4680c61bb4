"""Folders of Python files as a source.

Symbolic links to folders are not followed, so no loop can catch us; hidden folders and caches hold nobody's
source and are passed over. Everything else that is not read is named, folder by folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pipeline.errors import MissingDataError
from pipeline.sources import licences
from pipeline.sources.base import Document, Part, Unread, read_whole, signature_of
from pipeline.sources.exclusions import (
    IGNORED,
    RULES,
    VENDORED,
    GitIgnore,
    by_content,
    by_folder,
    by_path,
)


class FolderSource:
    """The Python files below `root`. `licence` is that of files for which nothing else is said."""

    published = False

    def __init__(
        self,
        label: str,
        root: Path,
        include: frozenset[str] = frozenset(),
        share: float = 1.0,
        licence: str | None = None,
    ) -> None:
        self.label = label
        self.root = root
        self.share = share
        self._include = include
        self._licence = licence
        self._ignore = None if IGNORED in include else GitIgnore(root)

    @property
    def where(self) -> str:
        return str(self.root)

    def parts(self) -> Iterator[Part]:
        return self._below(self.root)

    def _below(self, folder: Path) -> Iterator[Part]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield self._left_out(folder, "unreadable", error.strerror or str(error))
            return
        for entry in found:
            path = folder / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and (entry.name.startswith(".") or entry.name == "__pycache__"):
                continue
            if not is_folder and not entry.name.endswith(".py"):
                if entry.is_symlink() and entry.is_dir():
                    yield self._left_out(path, "linked_folder", os.readlink(path))
                continue
            if found_out := self._fault(path, is_folder):
                yield self._left_out(path, *found_out)
            elif is_folder:
                yield from self._below(path)
            else:
                yield self._file(path)

    def _fault(self, path: Path, is_folder: bool) -> tuple[str, str] | None:
        named = by_folder if is_folder else by_path
        if found := named(path.name, self._include):
            return found
        if is_folder and VENDORED not in self._include and os.path.exists(path / "pyvenv.cfg"):
            return RULES[VENDORED], "a virtual environment"
        ignored = self._ignore.ignores(path, is_folder) if self._ignore else ""
        return (RULES[IGNORED], ignored) if ignored else None

    def _file(self, path: Path) -> Part:
        try:
            status = path.stat()
        except OSError as error:
            return self._left_out(path, "unreadable", error.strerror or str(error))
        if not stat.S_ISREG(status.st_mode):
            return self._left_out(path, "unreadable", "neither a file nor a folder")
        return Part(self.label, self._relative(path), signature_of(status))

    def _left_out(self, path: Path, rule: str, evidence: str) -> Part:
        relative = self._relative(path)
        return Part(self.label, relative, left_out=Unread(relative, rule, evidence))

    def _relative(self, path: Path) -> str:
        # Names that are no UTF-8 have surrogates in them, which no JSON may hold.
        return path.relative_to(self.root).as_posix().encode("utf-8", "replace").decode()

    def documents(self, part: Part) -> Iterator[Document | Unread]:
        path = self.root / part.path
        content = read_whole(path, part.path)
        if isinstance(content, Unread):
            yield content
        elif found := by_content(content, self._include):
            yield Unread(part.path, *found)
        else:
            licence = self._licence or self.nearest_licence(path.parent)
            yield Document(part.path, part.path, content, licence)

    def nearest_licence(self, folder: Path) -> str | None:
        """What the licence files of the nearest folder that has any say, up to the source's root."""
        while True:
            found = _licence_files(folder)
            if found:
                return licences.of_folder(found)
            if folder == self.root or folder == folder.parent:
                return None
            folder = folder.parent


@lru_cache(maxsize=4096)
def _licence_files(folder: Path) -> dict[str, str]:
    """The beginning of each licence file of a folder, by name."""
    texts = {}
    try:
        names = sorted(name for name in os.listdir(folder) if licences.is_licence_file(name))
    except OSError:
        return {}
    for name in names:
        try:
            with open(folder / name, "rb") as file:
                texts[name] = file.read(licences.TEXT_BYTES).decode(errors="replace")
        except OSError:
            continue
    return texts


def folder_of(label: str, root: Path, may_vanish: bool) -> Path:
    """The folder that a label means.

    Raises MissingDataError when it is not there or not readable, unless it `may_vanish`.
    """
    folder = (root / Path(label).expanduser()).resolve()
    if may_vanish:
        return folder
    if not folder.is_dir():
        raise MissingDataError(
            f"[seeds] sources: there is no folder {folder}",
            "correct the path in luigi.cfg, or mount the disk that it is on; to let its rows go from the "
            "dataset, take it out of the sources or set [seeds] vanished = drop",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise MissingDataError(
            f"[seeds] sources: {folder} cannot be read", "give yourself read permission on it"
        )
    return folder
