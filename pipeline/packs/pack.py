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
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, MissingDataError
from pipeline.packs.layouts import LAYOUTS, Task, layout_of, read_task
from pipeline.packs.variants import of_evaluation, variants
from pipeline.sources.parquet import BadRow, read_rows

_REMEDY = "fetch it again"
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


_GENERAL = re.compile(r"(test|train|validation|data)([^a-z].*)?", re.IGNORECASE)
_CACHED = "datasets--"  # how a dataset's folder in the hub's cache is named: datasets--owner--name


def evaluated_name(path: Path) -> str:
    """A pack's name in reports: the file's, after that of the dataset's folder where it is a split's (`test.jsonl`)."""
    stem, path = pack_name(path.name), path.absolute()
    if not _GENERAL.fullmatch(stem):
        return stem
    cached = [parent.name for parent in path.parents if parent.name.startswith(_CACHED)]
    return f"{cached[0].rpartition('--')[2] if cached else path.parent.name}/{stem}"


def revision_of(path: Path) -> str:
    """The sha256 of a pack's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_pack(path: Path, name: str = "") -> Pack:
    """Read one pack; its name is the file's without suffixes unless another is given.

    Raises MissingDataError for a file that cannot be read, ConfigError for a damaged file or an unknown layout.
    """
    name = name or pack_name(path.name)
    layout, revision, rows = _read(path, name)
    return Pack(name, layout, str(path), revision, tuple(task for _, _, task in rows))


def load_evaluated(path: Path, variant: str = "") -> Pack:
    """Read a pack whose tasks are to be asked and scored, in a variant of its layout; empty: the default.

    Raises as `load_pack`, and ConfigError for an unknown variant and for a row that cannot be scored.
    """
    name = evaluated_name(path)
    layout, revision, rows = _read(path, name)
    known = variants(layout)
    if variant and variant not in known and layout != "DS-1000":
        raise ConfigError(
            f"{path}#{variant}: packs of the layout {layout} have no such variant",
            f"there are {', '.join(known)}" if known else "leave it out",
        )
    tasks: list[Task] = []
    for place, row, task in rows:
        try:
            tasks += of_evaluation(layout, row, task, variant)
        except KeyError as error:
            raise ConfigError(f"{path}, {place}: it has no {error.args[0]}", _REMEDY) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigError(f"{path}, {place}: cannot be scored: {error}", _REMEDY) from error
    if not tasks:
        raise ConfigError(f"{path}#{variant}: no task is of this variant", "name another, or leave it out")
    return Pack(f"{name}#{variant}" if variant else name, layout, str(path), revision, tuple(tasks))


def in_window(pack: Pack, since: str, until: str) -> Pack:
    """The pack with the tasks that were published within two dates (2024-08-01), both included; empty: no bound.

    Raises ConfigError for a pack whose tasks have no dates, and where none is left.
    """
    if not since and not until:
        return pack
    dates = [task.asked.date if task.asked else "" for task in pack.tasks]
    if not all(dates):
        raise ConfigError(f"[evaluation] since, until: the tasks of {pack.path} have no dates", "leave both empty")
    tasks = tuple(
        task for task, date in zip(pack.tasks, dates, strict=True) if since <= date and (not until or date <= until)
    )
    if not tasks:
        raise ConfigError(
            f"[evaluation] since = {since}, until = {until}: {pack.path} has tasks from {min(dates)} to {max(dates)}",
            "write dates as 2024-08-01",
        )
    return replace(pack, tasks=tasks)


def _read(path: Path, name: str) -> tuple[str, str, list[tuple[str, dict[str, Any], Task]]]:
    """Layout and revision of a file, and its rows, each with its place in words and its task."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingDataError(f"{path} cannot be read: {error}") from error
    rows = list(_parquet_rows(path, content) if path.name.endswith(".parquet") else _json_rows(path, content))
    if not rows:
        raise ConfigError(f"{path} holds no task", _REMEDY)
    first = rows[0][1]
    layout = layout_of(first)
    if layout is None:
        raise ConfigError(
            f"{path}: no known benchmark has tasks with the keys {', '.join(sorted(first))}",
            f"known layouts: {', '.join(LAYOUTS)}",
        )
    tasks = []
    for number, (place, row) in enumerate(rows):
        try:
            task = read_task(layout, row)
        except ValueError as error:
            raise ConfigError(f"{path}, {place}: not a task of the layout {layout}: {error}", _REMEDY) from error
        tasks.append((place, row, replace(task, pack=name, id=task.id or str(number))))
    return layout, hashlib.sha256(content).hexdigest(), tasks


def _parquet_rows(path: Path, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with its place in the file, in words. Raises ConfigError."""
    import pyarrow as pa

    try:
        for number, row in enumerate(read_rows(io.BytesIO(content)), start=1):
            if isinstance(row, BadRow):
                raise ConfigError(f"{path}, row {number}, cannot be read: {row.reason}", _REMEDY)
            yield f"row {number}", row
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"{path} is damaged: {error}", _REMEDY) from error


def _json_rows(path: Path, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each task with its place in the file, in words. Raises ConfigError."""
    try:
        text = (gzip.decompress(content) if path.name.endswith(".gz") else content).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"{path} is damaged: {error}", _REMEDY) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}, is damaged: {error}", _REMEDY) from error
    if text.lstrip().startswith("["):
        items = [(f"task {number}", item) for number, item in enumerate(_parsed(path, "", text), start=1)]
    else:
        lines = enumerate(text.split("\n"), start=1)
        items = [(f"line {number}", _parsed(path, f", line {number},", line)) for number, line in lines if line.strip()]
    for place, item in items:
        if not isinstance(item, dict):
            raise ConfigError(f"{path}, {place}, does not hold JSON objects", "one task a line")
        yield place, item


def _parsed(path: Path, place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}{place} is not JSON Lines: {error}", _REMEDY) from error
