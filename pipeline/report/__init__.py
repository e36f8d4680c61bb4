"""The report of a dataset: one page that opens from disk, with the rows in a folder beside it.

In: a dataset folder with train.jsonl and manifest.json, the shards that its recipes name, and the dataset
before it. Out: `report.html` and `report/` in the dataset folder. The page makes no network request and
runs no text of the dataset: Jinja2 escapes every text, the rows travel as compressed base64, and a
Content-Security-Policy admits the page's own script alone.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from pipeline.report.figures import gather, source_labels
from pipeline.report.page import render
from pipeline.report.previous import compare
from pipeline.report.rejected import rejected_records
from pipeline.report.rows import write_rejected, write_rows
from targets import Artifacts, read_jsonl

PAGE, ROWS = "report.html", "report"


def write_report(artifacts: Path, folder: Path, previous: Path | None) -> None:
    """Write the report of the dataset in `folder`, compared with the dataset in `previous`.

    `artifacts` is the artifacts folder. Raises Damaged when a shard is not as it was published.
    """
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    train = folder / "train.jsonl"
    comparison = compare(manifest, train, previous) if previous else None
    figures = gather(artifacts, manifest, read_jsonl(train), comparison.lost if comparison else ())
    files = write_rows(folder / ROWS, train)
    recipes = Artifacts.of_document(artifacts, manifest["recipes"]["made_from"])
    shards = recipes.shard("selection", 0).read_meta()["shards"]
    rejected = rejected_records(recipes, shards, figures.rejected, source_labels(recipes))
    rejected_files = write_rejected(folder / ROWS, rejected)
    page = render(manifest, figures, comparison, files, rejected_files)
    (folder / PAGE).write_text(page, encoding="utf-8")
