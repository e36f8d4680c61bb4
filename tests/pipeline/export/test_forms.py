"""Every form of the export has its files, its help and its line in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from pipeline.dataset.finished import FinishedDataset
from pipeline.errors import DamagedFiles, MissingDataError
from pipeline.export.files import export
from pipeline.export.forms import FORMS
from tests.support.datasets import STAGES, write_dataset

ROOT = Path(__file__).parents[3]


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "latest").symlink_to(write_dataset(tmp_path, range(3)))
    dataset = FinishedDataset(tmp_path)
    dataset.manifest["decontamination"]["packs"] = []
    return dataset


def test_every_form_is_documented():
    page = (ROOT / "docs" / "commands.md").read_text()
    table = page.partition("\n## export\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\w+) \| ", table, re.MULTILINE)[1:] == list(FORMS)
    assert all(form.help for form in FORMS.values())


def test_forms_of_rows_name_the_row(dataset, tmp_path):
    written = export(dataset, ["chat", "alpaca", "rl"], tmp_path / "out")
    assert [str(path) for path in written] == [
        "chat/train.jsonl", "alpaca/train.jsonl", "rl/train.jsonl", "rl/reward.py", "README.md",
        "manifest.json",
    ]  # fmt: skip
    for form in ("chat", "alpaca", "rl"):
        lines = (tmp_path / "out" / form / "train.jsonl").read_bytes().splitlines()
        ids = [orjson.loads(line)["id"] for line in lines]
        assert ids == [row["id"] for row in dataset.rows()]


def test_parquet_is_a_config_where_it_is_alone(dataset, tmp_path):
    (dataset.folder / "train.parquet").write_bytes(b"PAR1")
    for names, configs in (
        (["parquet", "stages"], ["parquet"]),
        (["parquet", "chat"], ["chat"]),
        (["stages"], []),
    ):
        export(dataset, names, tmp_path / "-".join(names))
        card = tmp_path / "-".join(names) / "README.md"
        text = card.read_text() if card.exists() else ""
        assert re.findall(r"config_name: (\w+)", text) == configs


def test_the_stages_are_there_with_records_and_rejections(dataset, tmp_path):
    written = export(dataset, ["stages"], tmp_path / "out")
    assert [str(path) for path in written] == [
        *(f"stages/{stage}{kind}.jsonl" for stage in STAGES for kind in ("", ".rejected")),
        "manifest.json",
    ]


def test_a_dataset_without_its_selection_names_what_is_gone(dataset, tmp_path):
    dataset.artifacts.shard("selection", 0).meta.unlink()
    with pytest.raises(MissingDataError, match="is gone"):
        export(dataset, ["stages"], tmp_path / "out")


def test_without_a_dataset_it_is_named_as_missing(tmp_path):
    with pytest.raises(MissingDataError, match="no finished dataset"):
        FinishedDataset(tmp_path)


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"recipes": null}'])
def test_a_damaged_manifest_is_named(tmp_path, content):
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "manifest.json").write_text(content)
    with pytest.raises(DamagedFiles, match="is damaged"):
        FinishedDataset(tmp_path)
