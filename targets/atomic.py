"""Publish whole files: a reader sees the old content or the new one, never a part, power loss included.

The order is write to a temporary file beside the target, fsync it, rename it over the target, fsync
the folder. Temporary names carry the writer's process id, so that a later start can sweep those of
dead processes and leave those of living ones.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

_TEMPORARY = re.compile(r"^\.(?P<name>.+)\.(?P<pid>\d+)\.tmp$")


def temporary_beside(path: Path) -> Path:
    """The temporary name that this process uses for `path`; `sweep` recognises it."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def publish(path: Path, chunks: Iterable[bytes]) -> str:
    """Write chunks to `path` atomically and durably; return the sha256 of the content in hex.

    Raises OSError as the file system gives it; the target is then untouched and nothing is left over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    digest = hashlib.sha256()
    try:
        with open(temporary, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return digest.hexdigest()


def publish_folder(temporary: Path, folder: Path) -> None:
    """Move a finished temporary folder to its name; its files are fsynced first."""
    for path in temporary.rglob("*"):
        if path.is_dir():
            sync_folder(path)
            continue
        with open(path, "rb") as handle:
            os.fsync(handle.fileno())
    sync_folder(temporary)
    os.rename(temporary, folder)
    sync_folder(folder.parent)


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


def jsonl_lines(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
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


def sweep(root: Path) -> list[Path]:
    """Remove temporary files and folders below `root` whose writer is no longer alive; return them.

    Only one writer works below `root` at a time, but several machines may share it: a temporary is
    taken for dead when no process here has its id, so call this under the lock of the owning machine.
    """
    removed = []
    for folder, folders, files in os.walk(root):
        for name in [*files, *folders]:
            match = _TEMPORARY.match(name)
            if match is None or _alive(int(match["pid"])):
                continue
            path = Path(folder, name)
            if name in folders:
                folders.remove(name)
                shutil.rmtree(path)
            else:
                path.unlink()
            removed.append(path)
    return removed


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()
