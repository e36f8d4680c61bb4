"""Publish whole files: a reader sees the old content or the new one, never a part, power loss included.

The order is write to a temporary file beside the target, fsync it, rename it over the target, fsync
the folder. Temporary names carry the place and id of the writer's process, so that a later start can
sweep those of dead processes and leave those of living ones.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from targets.processes import place

SUMS = "SHA256SUMS"


def temporary_beside(path: Path) -> Path:
    """The temporary name that this process uses for `path`; `sweep` recognises it."""
    return path.with_name(f".{path.name}.{place()}.{os.getpid()}.tmp")


class Staged:
    """A file written and fsynced under its temporary name; `digest` is the sha256 of its content in hex.

    Raises OSError as the file system gives it; the target is then untouched and nothing is left over.
    """

    def __init__(self, path: Path, chunks: Iterable[bytes]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._temporary = temporary_beside(path)
        digest = hashlib.sha256()
        try:
            with open(self._temporary, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            self.discard()
            raise
        self.digest = digest.hexdigest()

    def commit(self) -> None:
        """Rename the file to its name."""
        os.replace(self._temporary, self.path)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Remove the file, unless it was committed."""
        self._temporary.unlink(missing_ok=True)


def publish(path: Path, chunks: Iterable[bytes]) -> str:
    """Write chunks to `path` atomically and durably; return the sha256 of the content in hex.

    Raises OSError as the file system gives it; the target is then untouched and nothing is left over.
    """
    staged = Staged(path, chunks)
    try:
        staged.commit()
    except BaseException:
        staged.discard()
        raise
    return staged.digest


def publish_folder(temporary: Path, folder: Path) -> None:
    """Move a finished temporary folder to its name, its files fsynced and their digests beside them.

    The digests are in `SHA256SUMS`, in the form that `sha256sum --check` reads. A folder that exists
    was made from the same recipe and stays.
    """
    digests = []
    for path in sorted(temporary.rglob("*")):
        if path.is_dir():
            sync_folder(path)
            continue
        with open(path, "rb") as file:
            digests.append(f"{sha256_of(file)}  {path.relative_to(temporary)}\n")
            os.fsync(file.fileno())
    publish(temporary / SUMS, [line.encode() for line in digests])
    if folder.exists():
        shutil.rmtree(temporary)
        return
    os.rename(temporary, folder)
    sync_folder(folder.parent)


def sha256_of(file: BinaryIO) -> str:
    """The sha256 of an open file's content, in hex."""
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def replace_link(link: Path, target: str) -> None:
    """Point the symbolic link `link` at `target`, atomically."""
    temporary = temporary_beside(link)
    temporary.unlink(missing_ok=True)
    os.symlink(target, temporary)
    os.replace(temporary, link)
    sync_folder(link.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def json_bytes(value: Any) -> bytes:
    """A JSON document for people to read: indented, keys in the given order."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def jsonl_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One compact JSON line a record."""
    for record in records:
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a published JSONL file, one at a time.

    Raises ValueError that names the file and the line when a line is not a JSON object.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ValueError(f"{path}, line {number}: not valid JSON ({error})") from None
            if not isinstance(record, dict):
                raise ValueError(f"{path}, line {number}: not a JSON object")
            yield record
