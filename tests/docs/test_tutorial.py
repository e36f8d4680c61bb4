"""What the tutorial prints is what its commands print, over the sample project that it names.

Compared are words, order and lines; numbers only where the sources alone decide them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
NEW = re.search(r"cat >> .*?texts\.py <<'END'\n+(.+?)\n    END", TUTORIAL, re.DOTALL)

# Each command of the tutorial with what it prints below it; `$ ...` that print nothing of their own are left out.
BLOCKS = [
    (command, re.sub(r"^ {4}", "", block, flags=re.MULTILINE))
    for command, block in re.findall(
        r"^    \$ ((?:selfcodealign|luigi|cat) .+)\n((?:    (?!\$ ).*\n)*)", TUTORIAL, re.MULTILINE
    )
]


def plain(text: str, home: Path) -> list[str]:
    """The lines without what differs from run to run and from machine to machine."""
    lines = []
    for line in text.replace(str(home), "/home/me").replace(str(ROOT), "/home/me/sca").splitlines():
        line = re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d |\s+$", "", line)
        if re.match(r"\w+( \d+)?: \d+/\d+ \(", line) or line.startswith(("CAUTION hub", "PASS    hub", "        ->")):
            continue  # progress; the network
        if line.startswith("PASS"):
            line = line.partition(": ")[0]
        if not line.startswith(("seeds: ", "{")) or " in " in line:
            line = re.sub(r"\b[0-9a-f]{12,}(-\d+)?\b", "ID", line)
            line = re.sub(r"\d[\d.]*( [sS]\b| min \d+ s)?", "N", line)
        lines.append(line)
    return lines


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder that stands for the user's home, and the output of each command in order."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "docs" / "samples" / "shop", home / "shop")
    binaries = home / "bin"
    binaries.mkdir()
    (binaries / "selfcodealign").write_text(f'#!/bin/sh\nexec {sys.executable} -m pipeline "$@"\n')
    (binaries / "selfcodealign").chmod(0o755)
    path = os.pathsep.join([str(binaries), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    outputs, folder = [], home
    for command, _ in BLOCKS:
        if command.startswith("selfcodealign why"):
            assert NEW
            with open(home / "shop" / "texts.py", "a") as file:
                file.write("\n\n" + re.sub(r"^    ", "", NEW[1], flags=re.MULTILINE) + "\n")
        ended = subprocess.run(
            command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        outputs.append(ended.stdout)
        folder = home / "my-dataset"
    return home, outputs


@pytest.mark.slow
@pytest.mark.parametrize("at", range(len(BLOCKS)), ids=[command for command, _ in BLOCKS])
def test_a_command_of_the_tutorial_prints_what_the_tutorial_says(at: int, printed: tuple[Path, list[str]]) -> None:
    home, outputs = printed
    told, found = plain(BLOCKS[at][1], home), plain(outputs[at], home)
    if told[-1:] == ["..."]:
        told = told[:-1]
        found = found[: len(told)]
    assert found == told


def test_the_tutorial_has_commands() -> None:
    assert len(BLOCKS) >= 6
