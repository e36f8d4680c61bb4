"""Every form of the export has its files, its help and its line in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import yaml

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


def test_a_form_without_rows_is_no_file_and_no_config_and_takes_an_earlier_file_away(dataset, tmp_path):
    out = tmp_path / "out"
    export(dataset, ["chat"], out)
    (dataset.folder / "train.jsonl").write_bytes(b"")
    written = export(dataset, ["chat", "alpaca", "rl"], out)
    assert [str(path) for path in written] == ["rl/reward.py", "manifest.json"]
    assert not (out / "chat" / "train.jsonl").exists()
    assert not (out / "README.md").exists()


def test_a_form_without_rows_costs_no_other_form(dataset, tmp_path):
    (dataset.folder / "train.parquet").write_bytes(b"")
    written = export(dataset, ["chat", "parquet"], tmp_path / "out")
    assert [str(path) for path in written] == ["chat/train.jsonl", "README.md", "manifest.json"]
    assert re.findall(r"config_name: (\w+)", (tmp_path / "out" / "README.md").read_text()) == ["chat"]


@pytest.mark.parametrize(
    "name", ["org/model-7b", "model: a tale", "a # b", "quote\"d 'twice'", "back\\slash", "{a}", "é 模型", "x)\n- y: z"]
)
def test_the_front_matter_of_a_card_holds_any_model_name(dataset, tmp_path, name):
    dataset.manifest["model"]["name"] = name
    export(dataset, ["chat"], tmp_path / "out")
    front = (tmp_path / "out" / "README.md").read_text().split("---\n")[1]
    assert yaml.safe_load(front)["pretty_name"] == f"Self-aligned code instructions ({name})"


def test_the_front_matter_of_a_plain_name_is_as_it_was(dataset, tmp_path):
    dataset.manifest["model"]["name"] = "org/model-7b"
    export(dataset, ["chat"], tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "\npretty_name: Self-aligned code instructions (org/model-7b)\n" in card
