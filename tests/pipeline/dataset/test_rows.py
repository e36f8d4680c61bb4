"""The fields of a row are the same in Parquet, in the dataset card, in the documentation and in `records.Row`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from pipeline.dataset import rows as dataset_rows
from pipeline.dataset.card import CARD, dataset_card
from pipeline.dataset.rows import parquet_schema, read_rows, write_parquet
from pipeline.records import Row
from pipeline.selection.balance import Weights
from targets import ShardPaths, ShardWriter
from targets.atomic import jsonl_lines, publish

ROOT = Path(__file__).parents[3]
SCHEMA = """\
id: string
instruction: string
response: string
tests: string
concepts: list<item: string>
category: string
difficulty: string
seed: struct<id: string, source: string, path: string, name: string, lines: list<item: int64>, digest: string, \
licence: string, repository: string, revision: string>
partner: struct<id: string, source: string, path: string, name: string, lines: list<item: int64>, digest: string, \
licence: string, repository: string, revision: string>
samples: struct<n: int64, passed: int64>
attempt: struct<id: string, status: string, detail: string>
verification: struct<asserts: int64, functions: list<item: string>, mutants: int64, killed: int64, \
agreement: double, inputs: int64, behaviour: string, compared: int64, agree: int64, agree_both_ways: int64>
measured_difficulty: string
shape: list<item: string>
pooled_tests: string
weight: double
model: struct<name: string, sha256: string>"""
SELECTED = {
    "id": "a-000", "instruction": "Do it.", "response": "Done.", "tests": "assert f()",
    "concepts": ["lists", "sets"], "category": "function", "difficulty": "easy",
    "seed": {"id": "a", "source": "code", "path": "a.py", "name": "f", "lines": [1, 3], "digest": "a0",
             "licence": None, "repository": None, "revision": None},
    "partner": None, "samples": {"n": 4, "passed": 3}, "attempt": None,
    "verification": {"asserts": None, "functions": None, "mutants": None, "killed": None, "agreement": 0.0,
                     "inputs": None, "behaviour": None, "compared": 0, "agree": 0, "agree_both_ways": 0},
    "measured_difficulty": "easy", "shape": [],
}  # fmt: skip
MODEL = {"name": "m", "sha256": "0" * 64}


def fields(kind: Any, prefix: str = "") -> list[str]:
    """The names of all fields of a TypedDict, a nested one's with a dot."""
    names = []
    for name, hint in get_type_hints(kind).items():
        names += fields(hint, f"{prefix}{name}.") if is_typeddict(hint) else [f"{prefix}{name}"]
    return names


def test_the_schema_of_parquet_is_that_of_earlier_datasets():
    lines = [f"{field.name}: {field.type}" for field in parquet_schema()]
    assert lines == SCHEMA.splitlines()
    assert all(field.nullable for field in parquet_schema())


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_parquet_gives_back_the_rows_whatever_the_size_of_a_chunk(tmp_path, monkeypatch, count):
    monkeypatch.setattr(dataset_rows, "_CHUNK_ROWS", 2)
    rows = [{**SELECTED, "id": f"a-{n:03d}", "pooled_tests": "", "weight": 1.5, "model": MODEL} for n in range(count)]
    write_parquet(tmp_path / "train.parquet", iter(rows))
    table = pq.read_table(tmp_path / "train.parquet", use_threads=False)
    assert isinstance(table, pa.Table)
    assert table.to_pylist() == rows


def test_a_row_is_a_selected_record_with_pooled_tests_weight_and_model(tmp_path):
    selected = ShardPaths(tmp_path, 0)
    with ShardWriter(selected) as writer:
        writer.keep("a-000", SELECTED)
        writer.publish()
    (row,) = read_rows(selected, {"a-000": "assert f() is None"}, Weights(selected.read), MODEL)
    assert row == {**SELECTED, "pooled_tests": "assert f() is None", "weight": 1.0, "model": MODEL}
    assert list(row) == list(get_type_hints(Row))


def test_a_repaired_row_names_the_model_that_repaired_it(tmp_path):
    selected, attempt = ShardPaths(tmp_path, 0), {"id": "b-000", "status": "failed", "detail": "AssertionError"}
    with ShardWriter(selected) as writer:
        writer.keep("a-000", SELECTED)
        writer.keep("b-000", {**SELECTED, "id": "b-000", "attempt": attempt})
        writer.publish()
    rows = read_rows(selected, {}, Weights(selected.read), MODEL, {"name": "other", "sha256": ""})
    assert [row["model"]["name"] for row in rows] == ["m", "other"]


def test_the_dataset_card_lists_the_fields_of_a_row():
    table = CARD.partition("## What a row holds")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| ([\w, ]+) \| (.+) \|$", table, re.MULTILINE)[1:]
    listed = [name for names, _ in lines for name in names.split(", ")]
    assert sorted(listed) == sorted(get_type_hints(Row))
    contents = dict(lines)
    for field in fields(Row):
        outer, _, inner = field.partition(".")
        assert not inner or re.search(rf"\b{inner}\b", contents[outer]), field


def test_the_documentation_lists_the_fields_of_a_row():
    page = (ROOT / "docs" / "files.md").read_text()
    table = page.partition("## What a row holds")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE) == fields(Row)


def test_a_dataset_whose_first_licences_are_null_loads_by_its_card(tmp_path):
    rows = [
        {**SELECTED, "id": f"a-{n:03d}", "pooled_tests": "", "weight": 1.0, "model": MODEL,
         "seed": {**SELECTED["seed"], "licence": "MIT" if n == 3 else None}}
        for n in range(4)
    ]  # fmt: skip
    folder = tmp_path / "latest"
    folder.mkdir()
    write_parquet(folder / "train.parquet", iter(rows))
    publish(folder / "train.jsonl", jsonl_lines(rows))
    (folder / "README.md").write_text(
        dataset_card(
            {
                "rows": 4, "recipe": "abc", "model": {"name": "m", "sha256": "0"}, "funnel": {}, "sources": ["code"],
                "licences": {"MIT": 1, "unknown": 3}, "decontamination": {"packs": []},
            }
        )
    )  # fmt: skip
    assert list(load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))) == rows
