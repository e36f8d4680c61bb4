"""Every form of the export has its files, its help and its line in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import yaml
from pyarrow import parquet

from pipeline.dataset.finished import FinishedDataset
from pipeline.errors import DamagedFiles, MissingDataError
from pipeline.export.files import export
from pipeline.export.forms import FORMS
from pipeline.export.split import side
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
        "chat/train.jsonl", "chat/dataset_info.json", "chat/llama_factory.yaml", "chat/axolotl.yaml",
        "alpaca/train.jsonl", "alpaca/dataset_info.json", "alpaca/llama_factory.yaml", "alpaca/axolotl.yaml",
        "rl/train.jsonl", "rl/reward.py", "README.md", "manifest.json",
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
    # A stage that rejected nothing has no file of rejections.
    rejecting = [stage for stage in STAGES if dataset.shards(stage)[0].rejected.stat().st_size]
    assert {"seeds", "selection"} <= set(rejecting) < set(STAGES)
    assert [str(path) for path in written] == [
        *(
            f"stages/{stage}{kind}.jsonl"
            for stage in STAGES
            for kind in ("", ".rejected")
            if not kind or stage in rejecting
        ),
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
    assert all((out / path).stat().st_size for path in written)
    assert not (out / "chat" / "train.jsonl").exists()
    assert not (out / "README.md").exists()


def test_a_form_without_rows_costs_no_other_form(dataset, tmp_path):
    (dataset.folder / "train.parquet").write_bytes(b"")
    written = export(dataset, ["chat", "parquet"], tmp_path / "out")
    assert [path.name for path in written if path.parts[0] != "chat"] == ["README.md", "manifest.json"]
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


def test_a_test_split_shares_no_file_with_the_rest_and_takes_its_share(tmp_path):
    def texts(number: int, field: str) -> str:
        return f"{field} {number // 3 if field == 'path' else number % 5}"

    (tmp_path / "latest").symlink_to(write_dataset(tmp_path, range(600), texts))
    dataset = FinishedDataset(tmp_path)
    dataset.manifest["decontamination"]["packs"] = []
    out = tmp_path / "out"
    export(dataset, ["chat", "parquet"], out, test_share=0.25)
    sides = [
        {orjson.loads(line)["id"] for line in (out / "chat" / f"{part}.jsonl").read_bytes().splitlines()}
        for part in ("train", "test")
    ]
    files = [
        {(row["seed"]["source"], row["seed"]["path"]) for row in dataset.rows() if row["id"] in ids} for ids in sides
    ]
    assert not files[0] & files[1]
    assert len(sides[0]) + len(sides[1]) == 600
    assert 90 < len(sides[1]) < 220
    assert parquet.read_table(out / "parquet" / "test.parquet").column("id").to_pylist() == sorted(sides[1])
    front = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    assert front["configs"][0]["data_files"] == [
        {"split": "train", "path": "chat/train.jsonl"}, {"split": "test", "path": "chat/test.jsonl"},
    ]  # fmt: skip
    export(dataset, ["chat"], out)
    assert not (out / "chat" / "test.jsonl").exists()


def test_a_range_of_pass_rates_leaves_out_what_is_too_easy_or_too_hard(dataset, tmp_path):
    lines = [orjson.loads(line) for line in (dataset.folder / "train.jsonl").read_bytes().splitlines()]
    for row, passed in zip(lines, (1, 5, 10), strict=True):
        row["samples"] = {"n": 10, "passed": passed}
    (dataset.folder / "train.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in lines))
    for rates, expected in (((0.0, 1.0), [0.1, 0.5, 1.0]), ((0.1, 0.9), [0.1, 0.5]), ((0.2, 0.9), [0.5])):
        export(dataset, ["rl"], tmp_path / "out", pass_rates=rates)
        exported = (tmp_path / "out" / "rl" / "train.jsonl").read_bytes().splitlines()
        assert [orjson.loads(line)["pass_rate"] for line in exported] == expected
    export(dataset, ["chat"], tmp_path / "split", test_share=0.5, pass_rates=(0.1, 0.9))
    parts = [tmp_path / "split" / "chat" / f"{part}.jsonl" for part in ("train", "test")]
    assert sum(len(part.read_bytes().splitlines()) for part in parts if part.exists()) == 2


def test_a_file_is_on_the_same_side_in_a_folder_a_repository_and_its_history():
    rows = [
        {"seed": {"source": source, "path": "a.py", "repository": None}}
        for source in ("project", "git:project", "commits:project", "git:project@v1")
    ]
    assert all(len({side(row, share / 20) for row in rows}) == 1 for share in range(20))


@pytest.mark.parametrize(
    ("among", "sentence", "tests"),
    [
        ("passing", "passed its tests", "the response passed"),
        ("failing", "**failed** its tests", "did not pass"),
        ("all", "**whether or not**", "need not pass"),
    ],
)
def test_the_card_states_which_responses_the_rows_were_chosen_among(dataset, tmp_path, among, sentence, tests):
    dataset.manifest["among"] = among
    export(dataset, ["chat"], tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert sentence in card
    assert re.search(rf"^\| tests \| .*{tests}", card, re.MULTILINE)


@pytest.mark.parametrize(
    ("licences", "stated"),
    [
        ({"MIT": 3}, {"license": "mit"}),
        ({"PSF-2.0": 3}, {"license": "other", "license_name": "psf-2.0"}),
        ({"MIT": 3, "Apache-2.0": 1}, {"license": "other", "license_name": "apache-2.0-and-mit"}),
        ({"MIT": 3, "unknown": 1}, {"license": "unknown"}),
        ({f"LicenseRef-{number}-{'x' * 40}": 1 for number in range(20)}, {"license": "other"}),
    ],
)
def test_the_card_has_the_licence_of_the_seeds_of_its_rows(dataset, tmp_path, licences, stated):
    dataset.manifest["row_licences"] = licences
    export(dataset, ["chat"], tmp_path / "out")
    front = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---\n")[1])
    assert {key: value for key, value in front.items() if key.startswith("license")} == stated
