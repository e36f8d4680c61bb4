"""Reads benchmark packs: benchmark files, each with tasks that decontamination compares with rows.

A pack is one `.jsonl` file (one task a line), or a `.json` file (a list of tasks), plain or gzipped, or a
`.parquet` file, as its authors publish it. The keys of its first task determine its layout (layouts.py). A pack's
revision is the sha256 of its file, so that a report can name exactly what the data was compared with.

In: a file. Out: a `Pack` of `Task`s. Nothing of a pack is ever executed or unpickled here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, MissingDataError
from pipeline.packs.layouts import LAYOUTS, Task, layout_of, read_task
from pipeline.sources.parquet import read_rows

SUFFIXES = (".jsonl.gz", ".json.gz", ".jsonl", ".json", ".parquet")


@dataclass(frozen=True, slots=True)
class Pack:
    """A benchmark file: `revision` is its sha256."""

    name: str
    layout: str
    path: str
    revision: str
    tasks: tuple[Task, ...]


def pack_name(file: str) -> str:
    """A file's name or path without its suffix."""
    return next((file.removesuffix(end) for end in SUFFIXES if file.endswith(end)), file)


def revision_of(path: Path) -> str:
    """The sha256 of a pack's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_pack(path: Path, name: str = "") -> Pack:
    """Read one pack; its name is the file's without suffixes unless another is given.

    Raises MissingDataError for a file that cannot be read, ConfigError for a damaged file or an unknown layout.
    """
    name = name or pack_name(path.name)
    try:
        content = path.read_bytes()
        if path.name.endswith(".parquet"):
            rows = _parquet_rows(content)
        else:
            rows = _rows(path, (_unzipped(path, content)).decode())
    except OSError as error:
        raise MissingDataError(f"{path} cannot be read: {error}") from error
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is damaged: {error}", "fetch it again") from error
    if not rows:
        raise ConfigError(f"{path} holds no task", "fetch it again")
    layout = layout_of(rows[0])
    if layout is None:
        raise ConfigError(
            f"{path}: no known benchmark has tasks with the keys {', '.join(sorted(rows[0]))}",
            f"known layouts: {', '.join(LAYOUTS)}",
        )
    tasks = []
    for number, row in enumerate(rows):
        try:
            task = read_task(layout, row)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ConfigError(
                f"{path}, task {number + 1}: not a task of the layout {layout}: {error!r}",
                "fetch it again",
            ) from error
        tasks.append(replace(task, pack=name, id=task.id or str(number)))
    return Pack(name, layout, str(path), hashlib.sha256(content).hexdigest(), tuple(tasks))


def _unzipped(path: Path, content: bytes) -> bytes:
    return gzip.decompress(content) if path.name.endswith(".gz") else content


def _parquet_rows(content: bytes) -> list[dict[str, Any]]:
    import pyarrow as pa

    try:
        return list(read_rows(io.BytesIO(content)))
    except pa.ArrowInvalid as error:
        raise EOFError(str(error)) from error


def _rows(path: Path, text: str) -> list[dict[str, Any]]:
    rows: list[Any]
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON Lines: {error}", "fetch it again") from error
    if not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path} does not hold JSON objects", "one task a line")
    return rows
