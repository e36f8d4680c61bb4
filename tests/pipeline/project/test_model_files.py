"""[model]: which files it names, and what is said where it names none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.project import model_files
from tests.support.pinned import settings


def locate(root: Path, **keys: str) -> Path:
    return model_files.locate(settings(**{f"model__{key}": value for key, value in keys.items()}).model, root)


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """The folder of a model in three parts."""
    for number in (1, 2, 3):
        (tmp_path / f"big-0000{number}-of-00003.gguf").write_bytes(b"GGUF" + bytes([number]))
    return tmp_path


def test_a_split_model_is_hashed_as_a_whole(split: Path) -> None:
    path = locate(split, path="big-00001-of-00003.gguf")
    assert model_files.digest(path) == hashlib.sha256(b"GGUF\1GGUF\2GGUF\3").hexdigest()


@pytest.mark.parametrize(
    ("keys", "problem", "remedy"),
    [
        ({"path": "big-00002-of-00003.gguf"}, "is a part of a split model", "big-00001-of-00003.gguf"),
        ({"path": "."}, "is a folder", "big-00001-of-00003.gguf"),
        ({"path": "Qwen/Qwen2.5-Coder-7B"}, "there is no file", "repo_id = Qwen/Qwen2.5-Coder-7B"),
        ({"path": "nothing.gguf"}, "there is no file", "correct the path"),
        (
            {"repo_id": "https://huggingface.co/Qwen/Some-GGUF/tree/main", "filename": "x.gguf"},
            "is no name of a repository",
            "set it to Qwen/Some-GGUF",
        ),
        ({"repo_id": "a b", "filename": "x.gguf"}, "is no name of a repository", "owner/name"),
    ],
)
def test_what_names_no_model_is_said_with_what_was_meant(
    split: Path, keys: dict[str, str], problem: str, remedy: str
) -> None:
    with pytest.raises(PipelineError) as caught:
        locate(split, **keys)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_split_model_with_a_part_missing_names_that_part(split: Path) -> None:
    (split / "big-00003-of-00003.gguf").unlink()
    with pytest.raises(PipelineError, match=r"there is no file .*big-00003-of-00003\.gguf"):
        locate(split, path="big-00001-of-00003.gguf")
