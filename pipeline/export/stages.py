"""The form `stages`: the records and rejections of every stage, without what belongs to this machine alone.

In: the shards that a dataset was made from. Out: their lines, but for those that hold a secret or personal data. In
seeds and rows, and in the places of rejected definitions, each folder of this machine is reduced to its own name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from pipeline.dataset.finished import FinishedDataset
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.sources.base import source_of
from pipeline.text import private
from pipeline.text.paths import published_name, published_text, without_folders
from targets import Ledger, read_jsonl

_PLACES = (SEEDS, "selection")  # the stages whose records name places in sources


def stage_files(dataset: FinishedDataset) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Two files for each stage, by their path below the export's folder."""
    labels = {source_of(key) for key in Ledger(dataset.artifacts.folder(SEEDS) / "ledger.journal")}
    for stage in dataset.artifacts.stages:
        shards = dataset.shards(stage)
        yield f"stages/{stage}.jsonl", _lines(stage, [shard.records for shard in shards], labels)
        yield f"stages/{stage}.rejected.jsonl", _lines(stage, [shard.rejected for shard in shards], labels)


def _lines(stage: str, paths: list[Path], labels: Collection[str]) -> Iterator[bytes]:
    for record in chain.from_iterable(map(read_jsonl, paths)):
        line = orjson.dumps(_published(record, labels) if stage in _PLACES else record)
        # A JSON text has no line ends: so a detector that goes by lines sees one where the record's text had them.
        if private.rule_of(line.decode().replace("\\n", "\n").replace('\\"', '"')) is None:
            yield line + b"\n"


def _published(record: dict[str, Any], labels: Collection[str]) -> dict[str, Any]:
    """A record of a seed, a row or a rejection as it may leave this machine."""
    if "rule" in record:
        return {**record, **{key: published_text(record[key], labels) for key in ("id", "evidence")}}
    if isinstance(record.get("seed"), dict):
        inner = {key: _published(record[key], labels) for key in ("seed", "partner") if record.get(key)}
        return {**record, **inner}
    changed = {key: without_folders(record[key]) for key in ("path", "repository") if record.get(key)}
    return {**record, **changed, "source": published_name(record["source"])}
