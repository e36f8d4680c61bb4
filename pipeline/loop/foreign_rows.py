"""Reads instruction datasets that others have published, for fine-tuning.

In: a file of JSON Lines, also gzipped, or Parquet. Out: rows {id, instruction, response}. The layouts are those in
which trainers take data: `instruction` with `response` or `output` (and `input`, Alpaca), `prompt` with `completion` or
`response`, `problem` with `solution` (OSS-Instruct), `messages` (OpenAI) and `conversations` (ShareGPT), of which the
first instruction and its response count.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, MissingDataError
from pipeline.sources.parquet import BadRow, read_rows

_PAIRS = (
    ("instruction", "response"),
    ("instruction", "output"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("problem", "solution"),
    ("query", "answer"),
    ("question", "answer"),
)
_TALKS = {"messages": ("role", "content"), "conversations": ("from", "value")}
_USERS, _ANSWERERS = ("user", "human"), ("assistant", "gpt")


def file_digest(path: Path) -> str:
    """The sha256 of a file of rows, in hex. Raises MissingDataError."""
    return hashlib.sha256(_content(path)).hexdigest()


def read_pairs(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file. Raises MissingDataError or ConfigError, which names the line."""
    number = 0
    for number, row in enumerate(_rows(path), start=1):
        pair = _pair(row) if isinstance(row, dict) else None
        if pair is None:
            keys = ", ".join(sorted(row)) if isinstance(row, dict) else type(row).__name__
            known = ", ".join(f"{one} and {other}" for one, other in _PAIRS)
            raise ConfigError(
                f"{path}, row {number}, has no instruction with a response: {keys}",
                f"known are {known}, and the conversations of {' and '.join(_TALKS)}",
            )
        yield {"id": f"{number:08d}", "instruction": pair[0], "response": pair[1]}
    if not number:
        raise ConfigError(f"{path} holds no row", "fetch it again")


def _pair(row: dict[str, Any]) -> tuple[str, str] | None:
    for one, other in _PAIRS:
        instruction, response = row.get(one), row.get(other)
        if isinstance(instruction, str) and isinstance(response, str):
            given = row.get("input")
            return (f"{instruction}\n\n{given}" if isinstance(given, str) and given else instruction), response
    for key, names in _TALKS.items():
        if isinstance(row.get(key), list):
            return _first_turn(row[key], *names)
    return None


def _first_turn(talk: list[Any], role: str, content: str) -> tuple[str, str] | None:
    turns = [(turn.get(role), turn.get(content)) for turn in talk if isinstance(turn, dict)]
    for (asker, instruction), (answerer, response) in itertools.pairwise(turns):
        if asker in _USERS and answerer in _ANSWERERS and isinstance(instruction, str) and isinstance(response, str):
            return instruction, response
    return None


def _rows(path: Path) -> Iterator[Any]:
    content = _content(path)
    try:
        if path.suffix == ".parquet":
            yield from (None if isinstance(row, BadRow) else row for row in read_rows(io.BytesIO(content)))
            return
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
        yield from (json.loads(line) for line in text.split("\n") if line.strip())
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"{path} is damaged: {error}", "one row a line, as JSON") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingDataError(
            f"{path}, a file of rows, cannot be read: {error.strerror}", "correct its path"
        ) from error
