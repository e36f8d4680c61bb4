"""The configurations of trainers beside an export name its files and the fields of its rows."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import yaml

from pipeline.dataset.finished import FinishedDataset
from pipeline.export.files import export
from pipeline.export.forms import all_forms
from tests.support.datasets import plain, write_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An export of many rows with both splits."""
    root = tmp_path_factory.mktemp("trainers")
    (root / "latest").symlink_to(
        write_dataset(root, range(20), lambda number, field: f"{plain(number, field)} {number}")
    )
    dataset = FinishedDataset(root)
    dataset.manifest["decontamination"]["packs"] = []
    export(dataset, ["chat", "alpaca"], root / "out", test_share=0.3)
    return root / "out"


def row(folder: Path, name: str) -> dict:
    return orjson.loads((folder / name).read_bytes().splitlines()[0])


@pytest.mark.parametrize("form", ["chat", "alpaca"])
def test_llama_factory_finds_both_splits_and_their_columns(folder, form):
    info = orjson.loads((folder / form / "dataset_info.json").read_bytes())
    settings = yaml.safe_load((folder / form / "llama_factory.yaml").read_text())
    assert [settings["dataset"], settings["eval_dataset"]] == list(info) == ["selfcodealign", "selfcodealign_test"]
    for entry in info.values():
        first = row(folder / form, entry["file_name"])
        assert set(entry["columns"].values()) <= set(first)
        if tags := entry.get("tags"):
            message = first[entry["columns"]["messages"]][0]
            assert set(message) == {tags["role_tag"], tags["content_tag"]}
            assert [part["role"] for part in first["messages"]] == [tags["user_tag"], tags["assistant_tag"]]


@pytest.mark.parametrize("form", ["chat", "alpaca"])
def test_axolotl_finds_both_splits_and_their_fields(folder, form):
    settings = yaml.safe_load((folder / form / "axolotl.yaml").read_text())
    for key in ("datasets", "test_datasets"):
        (entry,) = settings[key]
        first = row(folder / form, entry["path"])
        assert entry.get("field_messages", "instruction") in first
        assert entry["type"] == {"chat": "chat_template", "alpaca": "alpaca"}[form]


def test_llama_factory_warms_up_for_a_twentieth_of_the_steps_as_a_whole_number():
    """The share was `warmup_ratio` in transformers 4 and is no argument of later releases."""
    made = all_forms()["chat"].configurations
    for rows, steps in ((1, 1), (64, 1), (3200, 10), (10_000, 32)):
        settings = yaml.safe_load(dict(made({"train": "train.jsonl"}, rows))["llama_factory.yaml"])
        assert settings["warmup_steps"] == steps
        assert "warmup_ratio" not in settings
