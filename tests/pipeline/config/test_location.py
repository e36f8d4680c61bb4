"""Which project a command works in, and that no other luigi.cfg is read beside its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.location import PACKAGE_ROOT

SHOW = "from pipeline import config; from pipeline.config.location import root;"
SHOW += "s = config.load(); print(root(), s.responses.samples, s.responses.shots)"
MAIN = "from pipeline.__main__ import main; import sys; sys.exit(main({}))"


def python(code: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    """A Python program in a folder: exit code, standard output and standard error."""
    inherited = {key: value for key, value in os.environ.items() if key != "LUIGI_CONFIG_PATH"}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(PACKAGE_ROOT), **environment},
        capture_output=True,
        text=True,
    )
    return ended.returncode, ended.stdout.strip(), ended.stderr.strip()


def command(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    return python(MAIN.format(list(arguments)), folder, **environment)


@pytest.fixture
def outer(tmp_path: Path) -> Path:
    """A project with a folder and another project below it."""
    (tmp_path / "luigi.cfg").write_text("[responses]\nsamples = 7\n")
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "luigi.cfg").write_text("[responses]\nshots = 3\n")
    return tmp_path


def test_the_folder_itself_comes_first(outer: Path) -> None:
    assert python(SHOW, outer / "inner")[1] == f"{outer / 'inner'} 4 3"


def test_then_the_folders_above_it(outer: Path) -> None:
    assert python(SHOW, outer / "data" / "deep")[1] == f"{outer} 7 0"


def test_then_the_shipped_one(tmp_path: Path) -> None:
    assert python(SHOW, tmp_path)[1] == f"{PACKAGE_ROOT} 4 0"


def test_the_file_of_the_variable_is_read_alone(outer: Path) -> None:
    assert python(SHOW, outer, LUIGI_CONFIG_PATH="inner/luigi.cfg")[1] == f"{outer / 'inner'} 4 3"


def test_a_malformed_file_that_is_not_the_projects_is_not_read(outer: Path) -> None:
    (outer / "luigi.cfg").write_text("no section\n")
    assert python(SHOW, outer, LUIGI_CONFIG_PATH="inner/luigi.cfg")[1] == f"{outer / 'inner'} 4 3"


def test_a_link_that_leads_nowhere_is_no_other_project(outer: Path) -> None:
    (outer / "data" / "luigi.cfg").symlink_to("gone.cfg")
    code, _, message = command(outer / "data", "why")
    assert code == 15
    assert "gone.cfg cannot be read" in message


def test_links_in_a_circle_are_named(outer: Path) -> None:
    (outer / "data" / "luigi.cfg").symlink_to("luigi.cfg")
    code, _, message = command(outer / "data", "why")
    assert code == 15
    assert "luigi.cfg cannot be read" in message


def test_a_folder_of_that_name_is_refused_and_no_other_project_is_taken(outer: Path) -> None:
    (outer / "data" / "luigi.cfg").mkdir()
    code, _, message = command(outer / "data", "why")
    assert code == 15
    assert "luigi.cfg cannot be read: Is a directory" in message


@pytest.mark.parametrize("named", ["nowhere/luigi.cfg", "data"])
def test_a_variable_that_names_no_file_is_refused(outer: Path, named: str) -> None:
    code, _, message = command(outer, "why", LUIGI_CONFIG_PATH=named)
    assert code == 15
    assert f"LUIGI_CONFIG_PATH names {named}" in message


@pytest.mark.parametrize("words", [["-C", "inner", "export"], ["export", "-C", "inner"]])
def test_another_folder_can_be_named_before_and_after_the_command(outer: Path, words: list[str]) -> None:
    _, _, message = command(outer, *words, LUIGI_CONFIG_PATH=str(outer / "luigi.cfg"))
    assert message.splitlines()[0] == f"project {outer / 'inner'}"


def test_a_named_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    code, _, message = command(PACKAGE_ROOT, "-C", str(tmp_path), "why")
    assert code == 15
    assert f"-C {tmp_path}: there is no luigi.cfg in it or above it" in message


def test_a_named_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    code, _, message = command(tmp_path, "-C", "nowhere", "why")
    assert code == 15
    assert "-C nowhere: No such file or directory" in message


@pytest.mark.parametrize("words", [["clean", "--yes"], ["run", "Seeds"], ["plan"]])
def test_nothing_is_written_outside_every_project(tmp_path: Path, words: list[str]) -> None:
    code, _, message = command(tmp_path, *words)
    assert code == 15
    assert "there is no luigi.cfg here or above" in message


@pytest.mark.parametrize(
    "words", [["clean", "--yes"], ["verify", "--repair"], ["export"], ["retry", "--only", "length", "--yes"]]
)
def test_a_command_that_writes_first_names_its_project_on_standard_error(outer: Path, words: list[str]) -> None:
    (outer / "luigi.cfg").write_text(f"[seeds]\nsources = {outer / 'data'}\n")
    _, _, message = command(outer / "data" / "deep", *words, "--json")
    assert message.splitlines()[0] == f"project {outer}"


@pytest.mark.parametrize("section", ["Responses", "RESPONSES", "FinalDataset", "Config", "respones"])
def test_a_section_that_is_none_of_ours_is_refused_with_its_line(tmp_path: Path, section: str) -> None:
    (tmp_path / "luigi.cfg").write_text(f"[seeds]\n\n[{section}]\nsamples = 3\n")
    code, _, message = command(tmp_path, "why")
    assert code == 15
    assert f"{tmp_path / 'luigi.cfg'}, line 3: there is no section [{section}]" in message


def test_a_key_with_dashes_and_with_underscores_is_set_twice(tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_text("[seeds]\nmax_lines = 3\nmax-lines = 4\n")
    code, _, message = command(tmp_path, "why")
    assert code == 15
    assert "line 3: [seeds] max_lines is set twice" in message


def test_the_artifacts_are_never_the_projects_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_text("[project]\nartifacts =\n")
    code, _, message = command(tmp_path, "clean")
    assert code == 15
    assert "[project] artifacts is empty" in message


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["why", "--help"], ["init", "new"]])
def test_what_needs_no_configuration_works_beside_a_malformed_one(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "luigi.cfg").write_text("no section\n")
    code, shown, message = command(tmp_path, *words)
    assert (code, message) == (0, ""), message
    assert shown
