"""A luigi.cfg that cannot be read as it was meant: one line with the file, the number of the line, and the remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.config.syntax import read
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"\xef\xbb\xbf[seeds]\n", 1, "byte order mark"),
        ("[seeds]\n".encode("utf-16"), 1, "byte order mark"),
        ("[seeds]\n".encode("utf-16-le"), 1, "null byte"),
        (b"[seeds]\n\nsources = caf\xe9\n", 3, "0xe9 is not UTF-8"),
        (b"# a comment\nsources = code\n", 2, "in no section"),
        (b"[seeds]\nsources\n", 2, "neither a section nor key = value"),
        (b"[seeds]\nsources = a\nsources = b\n", 3, r"\[seeds\] sources is set twice"),
        (b"[seeds]\n[model]\n[seeds]\n", 3, r"\[seeds\] is there twice"),
        (b"[DEFAULT]\nsources = a\n", 1, r"no section \[DEFAULT\]"),
        (b"[model]\npath = /a%b\n", 2, "percent sign"),
        (b"[model]\npath = /%(home)s/b\n", 2, "home"),
        (b"[model]\npath = ${NO_SUCH_VARIABLE}/b\n", 2, "NO_SUCH_VARIABLE is not set"),
        (b"[responses]\nsamples = 2  # two\n", 2, "# two is a part of the value"),
        (b"[seeds]\nkinds =\n    functions ; and\n    classes\n", 2, "; and is a part of the value"),
        (b'[model]\npath = "/models/x.gguf"\n', 2, "quotes"),
        (b"[model]\npath = '/models/x.gguf'\n", 2, "quotes"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(tmp_path: Path, content: bytes, line: int, problem: str) -> None:
    path = tmp_path / "luigi.cfg"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}, line {line}: .*{problem}") as refused:
        read(path)
    assert refused.value.remedy
    assert "\n" not in refused.value.problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "[model]\r\npath = /models/x.gguf\r\n",
        "[model]\npath = /models/C#/100%%/x;y.gguf\n",
        "[seeds]\nsources =\n    code\n    # a comment between the lines\n    ../other\n",
        "[model]\npath = ${HOME}/x.gguf\n",
        "[prompts]\nexemplars = it's\n",
    ],
)
def test_what_is_well_formed_is_read_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "luigi.cfg"
    path.write_bytes(text.encode())
    assert read(path) == text


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"luigi\.cfg cannot be read"):
        read(tmp_path / "luigi.cfg")
