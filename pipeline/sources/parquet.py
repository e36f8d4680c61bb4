"""Reads Parquet tables row by row in the calling thread.

Arrow's own threads close the file at an arbitrary time after the last row. A process that exits at that moment aborts
("terminate called without an active exception") although its work is done: so no thread of Arrow's is started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 64
_BUFFER = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row with a value that cannot be read as Python's, and the reason."""

    reason: str
    not_text: bool  # the value is a text that is not UTF-8


def read_rows(opened: IO[bytes], columns: Collection[str] | None = None) -> Iterator[dict[str, Any] | BadRow]:
    """The rows, with all columns or with those of `columns` that the table has.

    Raises pyarrow.ArrowException or OSError for a damaged file, after the rows before the damage.
    """
    import pyarrow.parquet as pq

    # Through a small buffer: otherwise a row group's whole column is in memory at once.
    table = pq.ParquetFile(opened, buffer_size=_BUFFER, pre_buffer=False)
    names = [name for name in table.schema_arrow.names if columns is None or name.lower() in columns]
    for batch in table.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
        try:
            rows: list[dict[str, Any] | BadRow] = batch.to_pylist()
        except _UNREADABLE:
            # One value fails its whole batch, so the rows of this batch are read one by one.
            rows = [_row(batch.slice(number, 1)) for number in range(batch.num_rows)]
        yield from rows


def column_names(opened: IO[bytes]) -> list[str]:
    """The names of all columns of a table. Raises pyarrow.ArrowException or OSError for a damaged file."""
    import pyarrow.parquet as pq

    names: list[str] = pq.ParquetFile(opened).schema_arrow.names
    return names


# Text that is not UTF-8; a date or number that Python cannot hold.
_UNREADABLE = (ValueError, OverflowError, TypeError)


def _row(single: pa.RecordBatch) -> dict[str, Any] | BadRow:
    try:
        row: dict[str, Any] = single.to_pylist()[0]
    except _UNREADABLE as error:
        return BadRow(str(error)[:200], isinstance(error, UnicodeError))
    return row
