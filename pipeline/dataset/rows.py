"""The rows of a dataset: the selection's records with pooled tests, weight and model, and their Parquet file.

In: the selection's shard. Out: rows one at a time. The Parquet schema follows from `records.Row`, so that both
files of a dataset have the same fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin, get_type_hints, is_typeddict

from pipeline.records import ModelName, Row, Selected
from pipeline.selection.balance import Weights
from targets import ShardPaths

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK_ROWS = 10_000


def read_rows(
    selected: ShardPaths,
    pooled: Mapping[str, str],
    weights: Weights,
    model: Mapping[str, str],
    repairer: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """The rows of a selection, in order of id.

    `pooled` has tests by the row's id, `model` name and sha256 of the model that wrote the responses, `repairer` those
    of the one that wrote the repairs, where it is another.

    Raises Damaged when the selection is not as it was published.
    """
    first, second = (ModelName(name=one["name"], sha256=one["sha256"]) for one in (model, repairer or model))
    for record in selected.read():
        chosen = cast(Selected, record)
        tests = pooled.get(chosen["id"], "")
        name = second if chosen.get("attempt") else first
        yield {**chosen, "pooled_tests": tests, "weight": weights.of(chosen), "model": name}


def write_parquet(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as Parquet, a bounded number of them in memory at a time; return how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, pending, count = parquet_schema(), iter(rows), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while chunk := list(islice(pending, _CHUNK_ROWS)):
            writer.write_table(pa.Table.from_pylist(chunk, schema))
            count += len(chunk)
    return count


def parquet_schema() -> pa.Schema:
    """The schema of train.parquet: the fields of `records.Row` in their order, all of them nullable."""
    import pyarrow as pa

    return pa.schema(list(_arrow_type(Row)))


def _arrow_type(hint: Any) -> pa.DataType:
    """The Arrow type of a field: text, number, list, TypedDict, or one of these or None."""
    import pyarrow as pa

    scalars = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    if hint in scalars:
        return scalars[hint]
    if is_typeddict(hint):
        fields = get_type_hints(hint).items()
        return pa.struct([(name, _arrow_type(inner)) for name, inner in fields])
    (inner,) = (argument for argument in get_args(hint) if argument is not NoneType)
    return pa.list_(_arrow_type(inner)) if get_origin(hint) is list else _arrow_type(inner)
