"""Damage after the fact: `verify` names each file, the repair redoes only what is damaged."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import orjson
import pytest

from pipeline import demo
from tests.crash.conftest import Small
from tests.support.projects import STAGES


def published(project: Small, stage: str, suffix: str = ".jsonl") -> Path:
    (path,) = (project.artifacts / stage).glob(f"*/shard-000000{suffix}")
    return path


def named(project: Small) -> dict[str, str]:
    """What verify finds: problem by file."""
    code, output = project.ask("verify", "--json")
    found = json.loads(output)["found"]
    assert code == (45 if found else 0), output
    return {Path(item["file"]).name: item["problem"] for item in found}


def repaired(project: Small) -> str:
    code, output = project.ask("verify", "--repair")
    assert code == 0, output
    assert named(project) == {}
    return output


def edit_first(path: Path, old: bytes, new: bytes) -> None:
    first, rest = path.read_bytes().split(b"\n", 1)
    assert old in first
    path.write_bytes(first.replace(old, new, 1) + b"\n" + rest)


def test_an_untouched_project_is_sound(finished):
    code, output = finished.ask("verify")
    assert (code, output.strip()) == (0, "every file is as it was published")


@pytest.mark.parametrize("stage", STAGES)
def test_a_truncated_shard_is_named_and_only_its_lost_records_are_made_again(project, stage):
    before, rows = project.records(stage), project.rows()
    path = published(project, stage)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    assert list(named(project)) == [path.name]
    whole = len(path.read_bytes().splitlines()) - 1
    assert f"{stage} 000000: goes on at" in repaired(project)
    meta = orjson.loads(published(project, stage, ".meta.json").read_bytes())
    assert meta["resumed"] >= whole
    assert project.records(stage).keys() == before.keys()
    if stage != "executions":  # a verdict has times in it
        assert project.records(stage) == before
    assert project.rows() == rows


def test_an_edited_record_is_told_from_a_broken_one_and_put_right(project):
    before = project.records("instructions")
    path = published(project, "instructions")
    edit_first(path, b'"difficulty":"', b'"difficulty":"very ')
    assert "edited" in named(project)[path.name]
    repaired(project)
    assert project.records("instructions") == before


def test_a_missing_shard_is_made_again_when_something_was_made_from_it(project):
    before = project.records("concepts")
    path = published(project, "concepts")
    path.unlink()
    assert named(project) == {path.name: "it is missing"}
    repaired(project)
    assert project.records("concepts") == before


def test_a_damaged_seed_leaves_its_shard_and_is_read_from_its_source_again(project):
    before = project.records("seeds")
    edit_first(published(project, "seeds"), b"items", b"wares")
    repaired(project)
    code, output = project.run()
    assert code == 0, output
    assert project.records("seeds") == before
    assert named(project) == {}


def test_damaged_sidecars_are_named_and_made_again(project):
    damaged = {
        published(project, stage, suffix)
        for stage, suffix in zip(
            STAGES,
            (".meta.json", ".units", ".rejected.jsonl", ".units", ".meta.json", ".rejected.jsonl"),
            strict=True,
        )
    }
    for path in damaged:
        path.write_bytes(b"garbage" + path.read_bytes())
    assert set(named(project)) == {path.name for path in damaged}
    rows = project.rows()
    repaired(project)
    assert project.rows() == rows


def test_each_file_of_the_dataset_has_a_digest_and_is_made_again(project):
    rows = project.rows()
    latest = (project.artifacts / "latest").resolve()
    files = [path for path in latest.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    names = {path.name for path in files}
    assert {"train.jsonl", "train.parquet", "manifest.json", "README.md"} <= names
    for path in files:
        path.write_bytes(path.read_bytes()[:-10])
    assert set(named(project)) == names
    repaired(project)
    assert project.rows() == rows


def test_sha256sum_itself_can_check_a_dataset(finished):
    folder = finished.artifacts / "latest"
    assert os.system(f"cd {folder} && sha256sum --check --quiet SHA256SUMS") == 0


def test_a_damaged_recipe_and_a_damaged_ledger_are_named_and_repaired(project):
    recipe = next((project.artifacts / "concepts").glob("*/recipe.json"))
    recipe.write_bytes(recipe.read_bytes().replace(b"0.7", b"0.8"))
    ledger = next((project.artifacts / "seeds").glob("*/ledger.journal"))
    ledger.write_bytes(b"deadbeef {}\n" + ledger.read_bytes())
    assert set(named(project)) == {"recipe.json", "ledger.journal"}
    repaired(project)


def test_a_run_refuses_a_damaged_shard_and_names_the_repair(project):
    edit_first(published(project, "responses"), b'"code":"', b'"code":"#')
    project.configure(executions={"timeout": 9})
    code, output = project.run()
    assert code == 30, output
    assert "verify --repair" in output
    assert "Traceback" not in output


def test_a_rotten_model_file_is_named_when_it_is_looked_at(fresh):
    model = fresh.root / "model.gguf"
    shutil.copy(demo.MODEL, model)
    fresh.configure(model={"path": "model.gguf"}, prompts={"exemplars": demo.EXEMPLARS})
    code, output = fresh.ask("verify", "--model")
    assert code == 0, output
    before = model.stat()
    with open(model, "r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    code, output = fresh.ask("verify", "--model")
    assert code == 45, output
    assert f"{model}: it has sha256 " in output
    assert "fetch it again" in output


def test_files_of_another_artifacts_folder_are_recognised(project, finished):
    """Two folders mixed up: a shard of the same recipe and number, whole in itself, from elsewhere."""
    source = project.root.parent / "elsewhere"
    source.mkdir(exist_ok=True)
    (source / "more.py").write_text(
        'def halved(items):\n    """Half of each number."""\n    return [item / 2 for item in items]\n'
    )
    root = project.root.with_name("elsewhere-project")
    root.mkdir()
    stranger = Small(root)
    stranger.configure(seeds={"sources": str(source)})
    code, output = stranger.run()
    assert code in (0, 30), output  # one function may give no row
    before = project.records("concepts")
    (folder,) = (project.artifacts / "concepts").iterdir()
    (foreign,) = (stranger.artifacts / "concepts").iterdir()
    assert folder.name == foreign.name
    for path in foreign.glob("shard-000000*"):
        shutil.copy(path, folder / path.name)
    assert "another artifacts folder" in next(iter(named(project).values()))
    repaired(project)
    assert project.records("concepts") == before
