"""Datasets in files as a source: JSONL (also compressed by gzip or zstd) and Parquet with a content column.

A row is one Python file, or a repository with its files in the column `files`, as in The Stack v2. Columns are
recognised by the names that published datasets use, The Stack's among them.
Rows in other languages are left out, and so are tests, vendored and generated files by their paths.
"""

from __future__ import annotations

import gzip
import io
import json
import stat
import zlib
from collections.abc import Iterator
from glob import escape, glob, has_magic
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

import orjson

from pipeline.errors import MissingDataError
from pipeline.records import Rejection, Rules
from pipeline.sources import licences
from pipeline.sources.base import MAX_BYTES, Document, LeftOut, Part, printable, signature_of, too_large, unreadable
from pipeline.sources.exclusions import GENERATED, VENDORED, by_content, by_path, excluded, included
from pipeline.sources.parquet import BadRow, column_names, read_rows

if TYPE_CHECKING:
    from pipeline.config import sections

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
MAX_LINE = 64 * 1024 * 1024

_CONTENT = ("content", "code", "text")
_PATH = ("max_stars_repo_path", "path", "file_path", "filepath")
_REPOSITORY = ("max_stars_repo_name", "repo_name", "repo", "repository", "repository_name")
_REVISION = ("max_stars_repo_head_hexsha", "revision_id", "revision", "commit")
_LICENCE = ("max_stars_repo_licenses", "detected_licenses", "licenses", "license", "licence")
_LANGUAGE = ("lang", "language", "ext", "extension")
_PYTHON = frozenset({"python", "py", ".py", "python3"})

ROW_RULES: Rules = {
    "malformed_row": "The row is not a JSON object, or a value in it cannot be read.",
    "no_content": "The row, or the file in it, has no column with a file's content.",
    "other_language": "The row is a file in another language than Python.",
    "not_utf8": "The file's bytes are not text in the encoding that the file declares.",
}
_FILES = "files"  # The Stack v2: a row is a repository, with its files in this column
_MARKS = {"is_vendor": VENDORED, "is_generated": GENERATED}  # columns of The Stack v2
_COLUMNS = frozenset((*_CONTENT, *_PATH, *_REPOSITORY, *_REVISION, *_LICENCE, *_LANGUAGE, _FILES, *_MARKS))
_HELD = frozenset((*_CONTENT, _FILES))
_IDS = frozenset({"blob_id", "content_id"})


class TableSource:
    """The files that a path or glob pattern matches."""

    rules: ClassVar[Rules] = ROW_RULES
    published = True
    share = 1.0

    def __init__(self, label: str, root: Path, include: frozenset[str] = frozenset()) -> None:
        self.label = label
        self._include = include
        literal = root / Path(label).expanduser()
        # The names of the folders above the pattern, and that of a file that is there, are no patterns.
        pattern = str(Path(escape(str(root))) / Path(label).expanduser())
        is_pattern = has_magic(label) and not literal.exists()
        names = sorted(glob(pattern, recursive=True)) if is_pattern else [str(literal)]
        files = [file for name in names if name.endswith(SUFFIXES) for file in _files(Path(name))]
        if not any(path.is_file() for path in files):
            raise MissingDataError(
                f"[seeds] sources: there is no file {root / Path(label).expanduser()}", "correct the path in luigi.cfg"
            )
        # By the text that names them: the names on disk need not be UTF-8.
        self._files = {printable(str(path)): path for path in files}

    @classmethod
    def claims(cls, label: str) -> bool:
        return label.endswith(SUFFIXES)

    @classmethod
    def of(cls, label: str, root: Path, section: sections.seeds) -> TableSource:
        return cls(label, root, included(section))

    @property
    def where(self) -> str:
        return f"{len(self._files)} files"

    def parts(self) -> Iterator[Part]:
        for name, path in self._files.items():
            try:
                status = path.stat()
            except OSError as error:
                yield Part(self.label, name, left_out=unreadable(error))
                continue
            if stat.S_ISREG(status.st_mode):
                yield Part(self.label, name, signature_of(status))
            else:
                yield Part(self.label, name, left_out=Rejection("unreadable", "not a file"))

    def documents(self, part: Part) -> Iterator[Document | LeftOut]:
        return documents_of(self._files[part.path], part.path, self._include)


def documents_of(
    file: Path,
    place: str,
    include: frozenset[str],
    repository: str | None = None,
    revision: str | None = None,
) -> Iterator[Document | LeftOut]:
    """The documents of a dataset's file; `place` names the file, repository and revision are the dataset's.

    A damaged file gives the rows before the damage, then a rejection. Raises OSError when it cannot be opened.
    """
    rows = _parquet(file, place) if file.name.endswith(".parquet") else _lines(file, place)
    for number, row in enumerate(rows):
        if isinstance(row, LeftOut):
            yield row
            continue
        # Names of columns are written in any case; of two that are the same name, the one in lower case counts.
        columns = {**{name.lower(): value for name, value in row.items()}, **row}
        of_repository = columns.pop(_FILES, None)
        if not isinstance(of_repository, list):
            yield _document(columns, f"{place}#{number}", include, repository, revision)
            continue
        for index, file in enumerate(of_repository):
            where = f"{place}#{number}/{index}"
            if isinstance(file, dict):
                yield _document({**columns, **file}, where, include, repository, revision)
            else:
                yield LeftOut(where, Rejection("malformed_row", f"{type(file).__name__}, not an object"))


def _files(path: Path) -> list[Path]:
    """The file itself, or the tables in a folder that is named like one, as Spark writes them."""
    tables = path.iterdir() if path.is_dir() else ()
    named = (file for file in tables if file.name.endswith(SUFFIXES) and not file.name.startswith((".", "_")))
    return sorted(named) or [path]


def _lines(file: Path, place: str) -> Iterator[dict[str, Any] | LeftOut]:
    with _opened(file) as lines:
        number = -1
        while True:
            number += 1
            try:
                line = lines.readline(MAX_LINE)
                too_long = len(line) == MAX_LINE and not line.endswith(b"\n")
                rest = line
                while too_long and rest and not rest.endswith(b"\n"):
                    rest = lines.readline(MAX_LINE)
            except (OSError, EOFError, zlib.error) as error:
                evidence = f"row {number}: {error}"[:200]
                yield LeftOut(place, Rejection("unreadable", evidence))
                return
            if not line:
                return
            where = f"{place}#{number}"
            if too_long:
                evidence = f"a line of {MAX_LINE} bytes and more"
                yield LeftOut(where, Rejection("file_too_large", evidence))
                continue
            try:
                row = _json(line)
            except (ValueError, RecursionError) as error:
                yield LeftOut(where, Rejection("malformed_row", str(error)[:200]))
                continue
            if isinstance(row, dict):
                yield row
            else:
                evidence = f"{type(row).__name__}, not an object"
                yield LeftOut(where, Rejection("malformed_row", evidence))


def _json(line: bytes) -> Any:
    """A line's value. Raises ValueError or RecursionError."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # NaN and Infinity, which json.dumps writes and JSON does not have; and a byte order mark.
        value = json.loads(line.decode("utf-8-sig"))
        # Lone surrogates, which json.loads lets through and no file can hold, are a ValueError here.
        json.dumps(value, ensure_ascii=False).encode()
        return value


def _opened(file: Path) -> IO[bytes]:
    if file.name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(file))
    if file.name.endswith(".zst"):
        import pyarrow as pa

        return io.BufferedReader(pa.input_stream(str(file), compression="zstd"))
    return open(file, "rb")


def _parquet(file: Path, place: str) -> Iterator[dict[str, Any] | LeftOut]:
    import pyarrow as pa

    with open(file, "rb") as opened:
        try:
            names = column_names(opened)
            # Where there is no content, the evidence names all columns that there are.
            unread = {} if _HELD.intersection(map(str.lower, names)) else dict.fromkeys(names)
            for number, row in enumerate(read_rows(opened, _COLUMNS)):
                if isinstance(row, BadRow):
                    rule = "not_utf8" if row.not_text else "malformed_row"
                    yield LeftOut(f"{place}#{number}", Rejection(rule, row.reason))
                else:
                    yield {**unread, **row}
        except (pa.ArrowException, OSError, ValueError) as error:
            yield LeftOut(place, Rejection("unreadable", str(error)[:200]))


def _document(
    row: dict[str, Any],
    place: str,
    include: frozenset[str],
    repository: str | None,
    revision: str | None,
) -> Document | LeftOut:
    content = _first(row, _CONTENT)
    if not isinstance(content, str | bytes):
        ids = "; the contents of these ids have to be fetched first" if _IDS & row.keys() else ""
        return LeftOut(place, Rejection("no_content", f"columns: {', '.join(map(str, row))}"[:200] + ids))
    for column, kind in _MARKS.items():
        if row.get(column) is True and kind not in include:
            return LeftOut(place, excluded(kind, column))
    language = (_text(_first(row, _LANGUAGE)) or "").lower()
    path = (_text(_first(row, _PATH)) or "").lstrip("/") or place  # in The Stack v2 a path begins with a slash
    if (language and language not in _PYTHON) or (not language and path.endswith(_OTHER)):
        return LeftOut(place, Rejection("other_language", language or path))
    try:
        data = content.encode() if isinstance(content, str) else content
    except UnicodeEncodeError as error:
        return LeftOut(place, Rejection("not_utf8", printable(str(error)[:200])))
    if len(data) > MAX_BYTES:
        return LeftOut(place, too_large(len(data)))
    if rejection := by_path(path, include) or by_content(data, include):
        return LeftOut(place, rejection)
    return Document(
        place,
        path,
        data,
        _licence(row),
        _text(_first(row, _REPOSITORY)) or repository,
        _text(_first(row, _REVISION)) or revision,
    )


# Without a language column, the path's ending decides: these are files in other languages.
_OTHER = (
    ".js",
    ".ts",
    ".java",
    ".c",
    ".h",
    ".cpp",
    ".go",
    ".rs",
    ".rb",
    ".php",
    ".cs",
    ".md",
    ".html",
)


def _licence(row: dict[str, Any]) -> str | None:
    stated = _first(row, _LICENCE)
    if isinstance(stated, str):
        return licences.normalised(stated)
    return licences.all_of(map(str, stated)) if isinstance(stated, list) else None


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these columns that has a value. NaN is none: tables with missing texts are written so."""
    values = (row.get(name) for name in names)
    return next((value for value in values if value is not None and value == value), None)


def _text(value: Any) -> str | None:
    return printable(str(value)) if value else None
