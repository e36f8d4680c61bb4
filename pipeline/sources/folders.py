"""Folders of Python files as a source.

Symbolic links to folders are not followed, so a loop of links does no harm. Hidden folders and caches are skipped,
because nobody writes code there. Everything else that is not read is left out by name, folder by folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pipeline.errors import MissingDataError
from pipeline.records import Rejection, Rules
from pipeline.sources import licences
from pipeline.sources.base import (
    Document,
    LeftOut,
    Part,
    printable,
    read_whole,
    signature_of,
    unreadable,
)
from pipeline.sources.exclusions import (
    IGNORED,
    VENDORED,
    GitIgnore,
    by_content,
    by_folder,
    by_path,
    excluded,
    included,
)

if TYPE_CHECKING:
    from pipeline.config import sections


class FolderSource:
    """The Python files below `root`. A `licence` applies to all files without an SPDX header."""

    rules: ClassVar[Rules] = {
        "linked_folder": "The folder is a symbolic link; its target is read where it is.",
    }
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

    @classmethod
    def claims(cls, label: str) -> bool:
        return True

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> FolderSource:
        return cls(label, _folder(label, root, section.vanished == "drop"), included(section))

    @property
    def where(self) -> str:
        return str(self.root)

    def parts(self) -> Iterator[Part]:
        # A stack of its own, because folders may be nested more deeply than Python's calls.
        pending: list[Path | Part] = [self.root]
        while pending:
            item = pending.pop()
            if isinstance(item, Part):
                yield item
            else:
                pending += [*self._entries(item)][::-1]

    def _entries(self, folder: Path) -> Iterator[Path | Part]:
        """The files of a folder as parts, and the folders in it that are to be listed, in order."""
        try:
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield self._left_out(folder, unreadable(error))
            return
        for entry in ordered:
            path = folder / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and (entry.name.startswith(".") or entry.name == "__pycache__"):
                continue
            if not is_folder and not entry.name.endswith(".py"):
                if entry.is_symlink() and os.path.isdir(path):
                    yield self._left_out(path, Rejection("linked_folder", os.readlink(path)))
                continue
            if rejection := self._rejected(path, is_folder):
                yield self._left_out(path, rejection)
            elif is_folder:
                yield path
            else:
                yield self._file(path)

    def _rejected(self, path: Path, is_folder: bool) -> Rejection | None:
        by_name = by_folder if is_folder else by_path
        if rejection := by_name(path.name, self._include):
            return rejection
        if is_folder and VENDORED not in self._include and os.path.exists(path / "pyvenv.cfg"):
            return excluded(VENDORED, "a virtual environment")
        gitignore = self._ignore.ignores(path, is_folder) if self._ignore else None
        return excluded(IGNORED, gitignore) if gitignore else None

    def _file(self, path: Path) -> Part:
        try:
            status = path.stat()
        except OSError as error:
            return self._left_out(path, unreadable(error))
        if not stat.S_ISREG(status.st_mode):
            rejection = Rejection("unreadable", "neither a file nor a folder")
            return self._left_out(path, rejection)
        return Part(self.label, self._relative(path), signature_of(status))

    def _left_out(self, path: Path, rejection: Rejection) -> Part:
        return Part(self.label, self._relative(path), left_out=Rejection(rejection.rule, printable(rejection.evidence)))

    def _relative(self, path: Path) -> str:
        # A name that is not UTF-8 has surrogates in it, which JSON may not hold.
        # Not by Path.relative_to, which calls itself for each folder of a deep path.
        return printable(os.fspath(path)[len(os.fspath(self.root)) :].lstrip("/") or ".")

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        path = self.root / part.path
        content = read_whole(path, part.path)
        if isinstance(content, LeftOut):
            yield content
        elif rejection := by_content(content, self._include):
            yield LeftOut(part.path, rejection)
        else:
            licence = self._licence or self.nearest_licence(path.parent)
            yield Document(part.path, part.path, content, licence)

    def nearest_licence(self, folder: Path) -> str | None:
        """The licence of the licence files in the nearest folder that has any, up to the source's root."""
        while True:
            if texts := _licence_files(folder):
                return licences.of_folder(texts)
            if folder == self.root or folder == folder.parent:
                return None
            folder = folder.parent


@lru_cache(maxsize=4096)
def _licence_files(folder: Path) -> dict[str, str]:
    """The first TEXT_BYTES of each licence file of a folder, by name."""
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


# Sources without a path, which a hasty hand writes with an underscore.
_KEYWORDS = ("python-stdlib", "python-packages")


def _folder(label: str, root: Path, may_vanish: bool) -> Path:
    """The folder of an entry.

    Raises MissingDataError when it is not there or not readable, unless it `may_vanish`.
    """
    folder = (root / Path(label).expanduser()).resolve()
    if may_vanish:
        return folder
    if folder.is_file():
        raise MissingDataError(
            f"[seeds] sources: {folder} is a file in a form that is not read",
            "name a folder, a .py file, or a table as .jsonl, .jsonl.gz, .jsonl.zst or .parquet: convert it to one",
        )
    if not folder.is_dir():
        if "://" in label:
            raise MissingDataError(
                f"[seeds] sources: {label} is an address, not a folder",
                "clone the repository and name the clone as git:FOLDER; a dataset of the hub is hf:owner/name",
            )
        if label.replace("_", "-").lower() in _KEYWORDS:
            raise MissingDataError(
                f"[seeds] sources: there is no folder {folder}", f"did you mean {label.replace('_', '-').lower()}?"
            )
        raise MissingDataError(
            f"[seeds] sources: there is no folder {folder}",
            "correct the path in luigi.cfg, or mount the disk that it is on; to let its rows go from the "
            "dataset, take it out of the sources or set [seeds] vanished = drop",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise MissingDataError(f"[seeds] sources: {folder} cannot be read", "give yourself read permission on it")
    return folder
