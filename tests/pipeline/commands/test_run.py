"""`run`, and how a command is found: `luigi --module pipeline` with another name, and help with misspelt ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.pipeline.config.test_location import command
from tests.support.projects import LUIGI


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project without work: its only source holds no seed."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "empty.py").write_text("x = 1\n")
    (tmp_path / "luigi.cfg").write_text("[seeds]\nsources = code\n")
    return tmp_path


@pytest.mark.parametrize("words", [[], ["FinalDataset"], ["--responses-samples", "2"]])
def test_the_dataset_is_what_is_made(folder: Path, words: list[str]) -> None:
    code, shown, message = command(folder, "run", *words)
    assert code == 30
    assert "no source holds a seed" in shown + message


def test_arguments_are_handed_through(folder: Path) -> None:
    code, shown, message = command(folder, "run", "Seeds", "--responses-samples", "0")
    assert code == 15, shown + message
    assert "[responses] samples = 0" in message


def test_an_unknown_argument_is_refused_by_luigi(folder: Path) -> None:
    code, _, message = command(folder, "run", "--responses-smaples", "2")
    assert code == 2
    assert "smaples" in message


def test_help_of_a_task_is_that_of_luigi(folder: Path) -> None:
    code, shown, _ = command(folder, "run", "Seeds", "--help")
    assert code == 0
    assert "--local-scheduler" in shown
    assert "--responses-samples VALUE" in shown
    assert "Responses for each instruction." in shown


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["run", "finaldataset"], "did you mean FinalDataset?"),
        (["run", "responses"], "did you mean Responses?"),
        (["run", "Config"], "there are"),
        (["statsu"], "did you mean status?"),
        (["Doctor"], "did you mean doctor?"),
        ([], "COMMAND is missing"),
        (["why", "--jsn"], "did you mean --json?"),
        (["doctor", "--responses-base_url", "x"], "did you mean --responses-base-url?"),
        (["run", "--responses-smaples", "2"], "did you mean --responses-samples?"),
    ],
)
def test_a_wrong_command_line_is_code_2_and_names_the_right_word(
    tmp_path: Path, words: list[str], proposed: str
) -> None:
    code, _, message = command(tmp_path, *words)
    assert code == 2
    assert proposed in message
    assert "Traceback" not in message


def test_a_misspelt_task_of_luigi_itself_is_one_line_with_the_right_name(folder: Path) -> None:
    ended = subprocess.run(
        [str(LUIGI), "--module", "pipeline", "finaldataset"], cwd=folder, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stderr == "error: there is no task finaldataset\n  did you mean FinalDataset?\n"


@pytest.mark.parametrize(
    "words",
    [
        ["clean", "--responses-samples", "0"],
        ["--responses-samples=0", "x", "--json"],
        ["why", "--responses-samples", "0"],
    ],
)
def test_every_command_takes_the_keys_of_the_configuration(folder: Path, words: list[str]) -> None:
    words = ["explain", *words] if words[0].startswith("-") else words
    code, _, message = command(folder, *words)
    assert code == 15
    assert "[responses] samples = 0" in message


def test_a_percent_sign_in_an_option_is_itself(folder: Path) -> None:
    code, _, message = command(folder, "why", "--model-path", "100%.gguf")
    assert code == 20
    assert "100%.gguf" in message


def test_a_key_that_does_not_exist_is_no_option(folder: Path) -> None:
    code, _, message = command(folder, "why", "--responses-smaples", "3")
    assert code == 2
    assert "--responses-smaples" in message
