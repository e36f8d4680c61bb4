"""Reads Parquet tables row by row in the calling thread.

Arrow's own threads close the file at an arbitrary time after the last row. A process that exits at that moment aborts
("terminate called without an active exception") although its work is done: so no thread of Arrow's is started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import IO, Any

_BATCH_ROWS = 64
_BUFFER = 1 << 20  # bytes


def read_rows(opened: IO[bytes], columns: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows, with all columns or with those of `columns` that the table has.

    Raises pyarrow.ArrowException for a damaged file, after the rows before the damage.
    """
    import pyarrow.parquet as pq

    # Through a small buffer: otherwise a row group's whole column is in memory at once.
    table = pq.ParquetFile(opened, buffer_size=_BUFFER, pre_buffer=False)
    names = [name for name in table.schema_arrow.names if columns is None or name in columns]
    for batch in table.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
        yield from batch.to_pylist()
