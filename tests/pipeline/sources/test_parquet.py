"""Parquet tables: their rows and columns, and that reading leaves no thread behind."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sources.parquet import read_rows

ROWS = [{"path": f"{number}.py", "content": "x = 1\n", "stars": number} for number in range(200)]

READ = """
import io, os, sys
import pyarrow, pyarrow.parquet
from pipeline.sources.parquet import read_rows

threads = len(os.listdir("/proc/self/task"))
with open(sys.argv[1], "rb") as opened:
    print(len(list(read_rows(opened))), len(os.listdir("/proc/self/task")) - threads)
with open(sys.argv[1], "rb") as opened:
    print(len(list(read_rows(io.BytesIO(opened.read())))), len(os.listdir("/proc/self/task")) - threads)
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=50)
    return path


def test_rows_come_in_order_with_the_columns_that_are_there(table):
    with table.open("rb") as opened:
        assert list(read_rows(opened)) == ROWS
    with table.open("rb") as opened:
        rows = list(read_rows(opened, ["content", "path", "licence"]))
    assert rows == [{"path": row["path"], "content": row["content"]} for row in ROWS]


def test_a_damaged_table_is_an_error(table):
    table.write_bytes(table.read_bytes()[:-20])
    with table.open("rb") as opened, pytest.raises(pa.ArrowException):
        list(read_rows(opened))


def test_no_thread_is_started_that_could_abort_the_process_at_its_end(table):
    ended = subprocess.run([sys.executable, "-c", READ, str(table)], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["200", "0", "200", "0"]
