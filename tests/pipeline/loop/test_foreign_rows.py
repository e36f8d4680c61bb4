"""Instruction datasets that others have published, as rows to tune on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import config
from pipeline.errors import ConfigError, MissingDataError
from pipeline.loop import arms
from pipeline.loop.finetuning import chosen_rows
from pipeline.loop.foreign_rows import read_pairs
from pipeline.project.project import Project
from pipeline.prompts import tuned
from tests.support.pinned import settings


@pytest.mark.parametrize(
    ("row", "instruction"),
    [
        ({"instruction": "Do it.", "response": "Done.", "tests": "assert x"}, "Do it."),
        ({"instruction": "Do it.", "input": "", "output": "Done."}, "Do it."),
        ({"instruction": "Do it.", "input": "With x.", "output": "Done."}, "Do it.\n\nWith x."),
        ({"prompt": "Do it.", "completion": "Done."}, "Do it."),
        ({"problem": "Do it.", "solution": "Done.", "lang": "python"}, "Do it."),
        ({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Do it."},
                       {"role": "assistant", "content": "Done."}]}, "Do it."),
        ({"conversations": [{"from": "human", "value": "Do it."}, {"from": "gpt", "value": "Done."}]}, "Do it."),
    ],
)  # fmt: skip
def test_a_layout_is_read(tmp_path: Path, row: dict[str, Any], instruction: str) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n\n")
    [pair] = read_pairs(tmp_path / "rows.jsonl")
    assert (pair["instruction"], pair["response"]) == (instruction, "Done.")


def test_gzip_and_parquet_are_read_too(tmp_path: Path) -> None:
    rows = [{"instruction": "a", "response": "b"}, {"instruction": "c", "response": "d"}]
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    assert list(read_pairs(tmp_path / "rows.jsonl.gz")) == list(read_pairs(tmp_path / "rows.parquet"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"instruction": "a", "response": "b"}\n{"text": "a"}\n', "row 2, has no instruction.*text"),
        ('{"instruction": "a", "response": null}\n', "row 1, has no"),
        ("{cut\n", "damaged"),
        ("\n", "no row"),
    ],
)
def test_a_file_of_another_kind_is_named_with_its_row(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "rows.jsonl").write_text(content)
    with pytest.raises(ConfigError, match=says):
        list(read_pairs(tmp_path / "rows.jsonl"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"rows\.jsonl"):
        list(read_pairs(tmp_path / "rows.jsonl"))


def test_as_many_rows_as_asked_for_are_drawn_from_the_file(tmp_path: Path) -> None:
    lines = (json.dumps({"instruction": str(n), "output": f"out {n}"}) for n in range(9))
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    project = Project(settings(finetuning__data="rows.jsonl", finetuning__rows=4), tmp_path)
    rows = chosen_rows(project)
    assert len(rows) == 4
    assert all(row["prompt"] == tuned.prompt(row["completion"].removeprefix("out ")) for row in rows)


def test_an_arm_can_be_a_file_with_a_learning_rate_of_its_own() -> None:
    changes: dict[tuple[str, str], Any] = {
        ("comparison", "arms"): "passing, file:a/b.jsonl",
        ("comparison", "rates"): "file:a/b.jsonl 2e-5",
    }
    chosen = arms.chosen(config.override(config.load(), changes))
    assert chosen["file:a/b.jsonl"][("finetuning", "data")] == "a/b.jsonl"
    assert chosen["file:a/b.jsonl"][("finetuning", "learning_rate")] == 2e-5
    assert ("finetuning", "learning_rate") not in chosen["passing"]


@pytest.mark.parametrize("rates", ["passing", "failing 1e-5", "passing fast", "passing 0", "passing 7"])
def test_a_wrong_rate_is_named(rates: str) -> None:
    changes = {("comparison", "arms"): "passing", ("comparison", "rates"): rates}
    with pytest.raises(ConfigError, match=r"\[comparison\] rates"):
        arms.chosen(config.override(config.load(), changes))
