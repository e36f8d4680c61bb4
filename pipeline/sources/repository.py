"""Reads a git repository through the git program: commits, blobs, licences. Nothing is ever written to it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from pipeline.errors import MissingDataError
from pipeline.records import Rules
from pipeline.sources import licences
from pipeline.sources.exclusions import included

if TYPE_CHECKING:
    from typing_extensions import Self

    from pipeline.config import sections

_BLOB = "100"


class Repository:
    """The repository and commit of `PREFIX:PATH` or `PREFIX:PATH@REF`, REF being HEAD by default.

    `label` is the entry in the configuration. Raises MissingDataError when the repository or git is not there.
    """

    def __init__(self, label: str, root: Path) -> None:
        self.label = label
        self.folder, ref = _split(label.partition(":")[2], root)
        self.commit = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        # The folder of the work tree that was named, with a slash; empty for all of it and for a bare repository.
        self.below = self.git("rev-parse", "--show-prefix", may_fail=True)
        self.url = _without_secrets(self.git("config", "--get", "remote.origin.url", may_fail=True))
        self._licence_blobs: dict[str, dict[str, str]] = {}
        self._reader: subprocess.Popen[bytes] | None = None
        self.licence_of = lru_cache(maxsize=4096)(self._folder_licence)

    @property
    def where(self) -> str:
        return f"{self.folder} at {self.commit[:12]}" + (f", below {self.below}" if self.below else "")

    def files(self) -> Iterator[tuple[str, str, str, int]]:
        """Path, mode, blob and size in bytes of every file of the commit.

        `licence_of` uses the licence files that this iteration has passed.
        """
        self._licence_blobs = {}
        output = self.git("ls-tree", "-r", "-z", "-l", "--full-tree", self.commit)
        for line in output.split("\0"):
            if not line:
                continue
            facts, path = line.split("\t", 1)
            mode, _, blob, size = facts.split()
            pure = PurePosixPath(path)
            if mode.startswith(_BLOB) and licences.is_licence_file(pure.name):
                self._licence_blobs.setdefault(str(pure.parent), {})[pure.name] = blob
            yield path, mode, blob, int(size) if size.isdigit() else 0

    def _folder_licence(self, folder: str) -> str | None:
        """The licence of the licence files in the nearest folder that has any."""
        for place in (folder, *map(str, PurePosixPath(folder).parents)):
            if blobs := self._licence_blobs.get(place):
                texts = {
                    name: self.read(blob)[: licences.TEXT_BYTES].decode(errors="replace")
                    for name, blob in blobs.items()
                }
                return licences.of_folder(texts)
        return None

    def read(self, blob: str) -> bytes:
        """A blob's content. Raises OSError when the repository does not hold it."""
        if self._reader is None or self._reader.poll() is not None:
            # One process for all blobs; it ends when its input is closed, at the latest with this process.
            self._reader = subprocess.Popen(
                ["git", "-C", str(self.folder), "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        assert self._reader.stdin is not None and self._reader.stdout is not None
        self._reader.stdin.write(blob.encode() + b"\n")
        self._reader.stdin.flush()
        header = self._reader.stdout.readline().split()
        if len(header) != 3:
            raise OSError(f"git has no blob {blob}")
        size = int(header[2])
        content = self._reader.stdout.read(size + 1)
        if len(content) != size + 1:
            raise OSError(f"git ended while it read blob {blob}")
        return content[:-1]

    def git(self, *arguments: str, may_fail: bool = False) -> str:
        """The output of a git command. Raises MissingDataError when it fails, unless it `may_fail`."""
        command = ["git", "-C", str(self.folder), *arguments]
        try:
            ended = subprocess.run(command, capture_output=True, env=_environment())
        except OSError as error:
            raise MissingDataError(
                f"[seeds] sources: {self.label} needs the git program: {error.strerror}",
                "install git",
            ) from None
        if ended.returncode and not may_fail:
            message = ended.stderr.decode(errors="replace").strip() or "no such commit"
            raise MissingDataError(
                f"[seeds] sources: {self.label}: {message}",
                "name a repository's folder, and a branch, tag or commit that it has: PATH@REF",
            )
        return ended.stdout.decode("utf-8", "replace").removesuffix("\n")


class RepositorySource:
    """The part that sources of a repository share: entries `PREFIX:PATH` and `PREFIX:PATH@REF`."""

    prefix: ClassVar[str]
    rules: ClassVar[Rules]
    published = False
    share = 1.0

    def __init__(self, label: str, root: Path, include: frozenset[str] = frozenset()) -> None:
        self.label = label
        self._include = include
        self._repository = Repository(label, root)

    @classmethod
    def claims(cls, label: str) -> bool:
        return label.startswith(cls.prefix)

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> Self:
        return cls(label, root, included(section))


def _split(text: str, root: Path) -> tuple[Path, str]:
    """Folder and ref of PATH[@REF]; an @ in the name of an existing folder does not start a ref."""
    whole = (root / Path(text).expanduser()).resolve()
    path, at, ref = text.rpartition("@")
    if whole.is_dir() or not at:
        return whole, "HEAD"
    return (root / Path(path).expanduser()).resolve(), ref


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


def _without_secrets(url: str) -> str | None:
    """A remote's address without a user name and password in it."""
    return re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", url) or None
