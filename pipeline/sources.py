"""Seed sources on disk: which Python files there are, and what each of them holds.

A source is a folder, or `python-stdlib`: the standard library of the running interpreter. Files are told
apart by source and path; a file is read again only when its size or one of its times changed.
"""

from __future__ import annotations

import hashlib
import os
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import MissingDataError
from pipeline.text import licences
from pipeline.text.functions import Dropped, Function, decode, functions

STDLIB = "python-stdlib"
MAX_FILE_BYTES = 10 * 1024 * 1024
READ_ATTEMPTS = 3  # for a file that someone is writing

_SKIPPED_FOLDERS = frozenset(
    {"__pycache__", "site-packages", "dist-packages", "node_modules", "venv"}
)
_SKIPPED_IN_STDLIB = frozenset({"test", "tests", "idlelib", "turtledemo", "lib2to3", "ensurepip"})


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of `[seeds] sources`. Of its functions the share with the lowest ids is taken."""

    label: str
    root: Path
    share: float = 1.0

    @property
    def is_stdlib(self) -> bool:
        return self.label == STDLIB


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file of a source; `path` is relative to the source's root."""

    source: Source
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def key(self) -> str:
        """The ledger's key for this file."""
        return f"{self.source.label}\t{self.path}"

    @property
    def signature(self) -> list[float]:
        """What has to stay equal for the file not to be read again.

        The change time is in it for files that get permission, or content behind an old modification time.
        """
        return [self.size, self.mtime_ns, self.ctime_ns, self.source.share]


@dataclass(slots=True)
class Observation:
    """What a file was found to hold."""

    digest: str
    licence: str | None
    seeds: list[Function] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)


def resolve(label: str, root: Path, stdlib_share: float, may_vanish: bool = False) -> Source:
    """The source that a configuration entry means; relative folders start at the project's root.

    Raises MissingDataError for a folder that is not there or not readable, unless it `may_vanish`.
    """
    if label == STDLIB:
        return Source(STDLIB, Path(sysconfig.get_paths()["stdlib"]), stdlib_share)
    folder = (root / Path(label).expanduser()).resolve()
    if may_vanish:
        return Source(label, folder)
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
    return Source(label, folder)


def files(
    source: Source, unlisted: Callable[[OSError], None] | None = None
) -> Iterator[SourceFile]:
    """The Python files of a source in a fixed order. Symbolic links to folders are not followed.

    `unlisted` is called for a folder that cannot be listed: what is below it is not known.
    """
    skipped = _SKIPPED_FOLDERS | (_SKIPPED_IN_STDLIB if source.is_stdlib else frozenset())
    for folder, folders, names in os.walk(source.root, onerror=unlisted):
        folders[:] = sorted(
            name for name in folders if name not in skipped and not name.startswith(".")
        )
        for name in sorted(names):
            if not name.endswith(".py"):
                continue
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except OSError:
                # A dangling link, or gone since the listing: as if it were not there.
                continue
            yield SourceFile(
                source=source,
                path=os.path.relpath(path, source.root),
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
                ctime_ns=status.st_ctime_ns,
            )


def observe(file: SourceFile, max_lines: int) -> Observation:
    """Read a file and judge each of its functions. An unreadable file is an observation too."""
    path = file.source.root / file.path
    if file.size > MAX_FILE_BYTES:
        return Observation(
            "",
            None,
            dropped=[Dropped("", 0, "file_too_large", f"{file.size} bytes > {MAX_FILE_BYTES}")],
        )
    try:
        content = _read(path)
    except OSError as error:
        return Observation(
            "", None, dropped=[Dropped("", 0, "unreadable", error.strerror or str(error))]
        )
    if content is None:
        evidence = f"written to during each of {READ_ATTEMPTS} readings"
        return Observation("", None, dropped=[Dropped("", 0, "changing", evidence)])
    digest = hashlib.sha256(content).hexdigest()
    text = decode(content)
    if isinstance(text, Dropped):
        return Observation(digest, None, dropped=[text])
    result = Observation(digest, licence_of(file, text))
    for item in functions(text, max_lines):
        if isinstance(item, Dropped):
            result.dropped.append(item)
        elif not _in_share(item.id, file.source.share):
            result.dropped.append(
                Dropped(item.name, item.first_line, "not_sampled", f"share {file.source.share}")
            )
        else:
            result.seeds.append(item)
    return result


def _read(path: Path) -> bytes | None:
    """The content of a file as it was at one moment; None when it never stood still."""
    for _ in range(READ_ATTEMPTS):
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            content = file.read()
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) == (len(content), after.st_mtime_ns):
            return content
    return None


def licence_of(file: SourceFile, text: str) -> str | None:
    """The file's licence: its own header, else the nearest licence file up to the source's root."""
    stated = licences.from_header(text)
    if stated or file.source.is_stdlib:
        return stated or "PSF-2.0"
    folder = (file.source.root / file.path).parent
    while True:
        found = _folder_licence(folder)
        if found or folder == file.source.root or folder == folder.parent:
            return found
        folder = folder.parent


@lru_cache(maxsize=4096)
def _folder_licence(folder: Path) -> str | None:
    for name in licences.LICENCE_FILES:
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return licences.from_licence_text(text)
    return None


def _in_share(seed_id: str, share: float) -> bool:
    """Ids are hashes, so a share of them is a random sample that stays the same as sources grow."""
    return int(seed_id[:8], 16) < share * 2**32


def ledger_entry(file: SourceFile, observation: Observation) -> dict[str, Any]:
    """What the ledger remembers of a file: enough for funnel and provenance without reading it again."""
    rules: dict[str, int] = {}
    for item in observation.dropped:
        rules[item.rule] = rules.get(item.rule, 0) + 1
    return {
        "source": file.source.label,
        "path": file.path,
        "signature": file.signature,
        "digest": observation.digest,
        "licence": observation.licence,
        "seeds": [
            [seed.id, seed.name, seed.first_line, seed.last_line] for seed in observation.seeds
        ],
        "rules": rules,
    }
