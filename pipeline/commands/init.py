"""`init [FOLDER]`: begins a project, with a commented luigi.cfg and a .gitignore; overwrites nothing."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from pipeline.config.location import NAME
from pipeline.errors import ConfigError, MachineError
from pipeline.text.lists import as_list

HELP = "begin a project: write a commented luigi.cfg and a .gitignore"

_HUB_FILE = re.compile(r"[\w.-]+/[\w.-]+/.+\.gguf")

_TEXT = """\
# The configuration of this project. Every key can be set on the command line instead: --responses-samples 8 is
# [responses] samples = 8. Paths are relative to this file. A comment needs a line of its own; %% is a percent sign.
# All sections and keys with their defaults: docs/reference/configuration.md.

[project]
# Folder that everything is written to.
artifacts = artifacts

[seeds]
# Where the functions come from, one source a line or separated by commas: a folder of Python files, git:FOLDER@COMMIT,
# data/*.jsonl.gz, hf:OWNER/NAME@REVISION:PATTERN, python-stdlib, python-packages.
sources = {sources}

[model]
# A GGUF file of a base model; or a file of the Hugging Face hub. Nothing of both: the demo model, which shows that
# the machine works.
path = {path}
repo_id = {repo_id}
filename = {filename}

[responses]
# Responses to each instruction, of which one is chosen.
samples = 4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", default=".", metavar="FOLDER", help="where; made if it is not there")
    parser.add_argument("--sources", default="python-stdlib", help="[seeds] sources, separated by commas")
    parser.add_argument("--model", default="", help="a GGUF file, or OWNER/NAME/FILE.gguf of the Hugging Face hub")


def run(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.target).expanduser()
    text = _TEXT.format(sources=", ".join(_sources(arguments.sources)), **_model(arguments.model))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / NAME, "x", encoding="utf-8") as file:
            file.write(text.replace(" \n", "\n"))
    except FileExistsError as error:
        raise ConfigError(f"{error.filename} is there already", "name another FOLDER, or edit the file") from None
    except OSError as error:
        raise MachineError(f"cannot write {error.filename}: {error.strerror}", "name another FOLDER") from None
    print(f"{folder / NAME}: written")
    try:
        with open(folder / ".gitignore", "x", encoding="utf-8") as file:
            file.write("artifacts/\n")
        print(f"{folder / '.gitignore'}: written")
    except FileExistsError:
        print(f"{folder / '.gitignore'}: left as it is; artifacts/ should be in it")
    where = "" if folder.resolve() == Path.cwd() else f"-C {folder} "
    print(f"next: `selfcodealign {where}doctor`, then `selfcodealign {where}run`")
    return 0


def _sources(named: str) -> list[str]:
    """The sources as the file names them: folders and files of here by their whole path."""
    labels = as_list(named)
    if not labels:
        raise ConfigError("--sources names nothing", "name a folder, or python-stdlib")
    return [_value(str(Path(label).resolve()) if Path(label).exists() else label) for label in labels]


def _model(named: str) -> dict[str, str]:
    """The keys of [model]. Raises ConfigError for what is neither a file nor named as one of the hub."""
    keys = {"path": "", "repo_id": "", "filename": ""}
    path = Path(named).expanduser()
    if not named:
        return keys
    if path.is_file():
        return {**keys, "path": _value(str(path.resolve()))}
    if not _HUB_FILE.fullmatch(named):
        raise ConfigError(f"--model {named} is no file", "name a GGUF file, or one of the hub as OWNER/NAME/FILE.gguf")
    owner, name, filename = named.split("/", 2)
    return {**keys, "repo_id": f"{owner}/{name}", "filename": _value(filename)}


def _value(text: str) -> str:
    return text.replace("%", "%%")
