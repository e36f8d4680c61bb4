"""`init`: a project that can be used at once, and nothing of another overwritten."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from pipeline.config import SECTIONS
from tests.pipeline.config.test_location import SHOW, command, python


def written(folder: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(folder / "luigi.cfg")
    return parser


def test_a_project_is_begun_that_loads(tmp_path: Path) -> None:
    code, shown, message = command(tmp_path, "init", "new/set")
    assert code == 0, message
    assert python(SHOW, tmp_path / "new" / "set")[1] == f"{tmp_path / 'new' / 'set'} 4 0"
    assert (tmp_path / "new" / "set" / ".gitignore").read_text() == "artifacts/\n"
    assert "selfcodealign -C new/set doctor" in shown


def test_its_values_are_the_defaults(tmp_path: Path) -> None:
    command(tmp_path, "init")
    defaults = {section.__name__: dict(section.get_params()) for section in SECTIONS}
    for name, section in written(tmp_path).items():
        for key, value in section.items():
            parameter = defaults[name][key]
            assert parameter.parse(value) == parameter._default, f"[{name}] {key}"


def test_sources_and_a_model_of_here_are_named_by_their_whole_path(tmp_path: Path) -> None:
    (tmp_path / "100%code").mkdir()
    (tmp_path / "m.gguf").touch()
    command(tmp_path, "init", "new", "--sources", "100%code, git:../x@main", "--model", "m.gguf")
    new = written(tmp_path / "new")
    assert new["seeds"]["sources"] == f"{tmp_path}/100%code, git:../x@main"
    assert new["model"]["path"] == str(tmp_path / "m.gguf")


def test_a_model_of_the_hub_becomes_repository_and_file(tmp_path: Path) -> None:
    command(tmp_path, "init", "--model", "Qwen/Qwen2.5-Coder-7B/sub/q8.gguf")
    model = written(tmp_path)["model"]
    assert (model["path"], model["repo_id"], model["filename"]) == ("", "Qwen/Qwen2.5-Coder-7B", "sub/q8.gguf")


@pytest.mark.parametrize("model", ["Qwen/Qwen2.5-Coder-7B", "nowhere.gguf", "."])
def test_a_model_that_is_no_file_is_refused_and_nothing_is_written(tmp_path: Path, model: str) -> None:
    code, _, message = command(tmp_path, "init", "--model", model)
    assert code == 15
    assert f"--model {model} is no file" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["luigi.cfg", ".gitignore"])
def test_what_is_there_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("# mine\n")
    code, _, _ = command(tmp_path, "init")
    assert code == (15 if name == "luigi.cfg" else 0)
    assert (tmp_path / name).read_text() == "# mine\n"


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("")
    code, _, message = command(tmp_path, "init", "new")
    assert code == 15
    assert "new is there already" in message
