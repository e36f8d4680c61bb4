"""`try SNIPPET`: takes one snippet through all stages, and shows each stage as it ends.

The snippet is the only source of a run in a temporary folder, which is removed afterwards. Model, prompts, sampling,
sandbox and rules are as configured.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from pipeline.commands import console, open_project, print_json, require_sandbox
from pipeline.commands.record_view import fields, indented
from pipeline.errors import MissingDataError
from pipeline.operations.snippet import project_of, through_all_stages
from pipeline.text.display import printable

HELP = "take one snippet through all stages, to see what the model makes of it"

_NOT_SHOWN = frozenset({"id", "instruction_id", "sample", "digest", "source", "path", "seed"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snippet", help="a function as text, a file of Python, or - for stdin")
    parser.add_argument("--json", action="store_true", help="print one JSON array of stages")


def run(arguments: argparse.Namespace) -> int:
    text = _read(arguments.snippet)
    stages = []
    out = console()
    with tempfile.TemporaryDirectory(prefix="selfcodealign-try-") as folder:
        project = project_of(text, open_project(), Path(folder))
        require_sandbox(project)
        for stage in through_all_stages(project):
            stages.append(stage)
            if not arguments.json:
                out.print(_shown(stage, out.is_terminal))
    if arguments.json:
        print_json(stages)
    return 0


def _read(argument: str) -> str:
    if argument == "-":
        return sys.stdin.read()
    if not argument.endswith(".py") and re.search(r"\b(def|class)\b", argument):
        return argument
    try:
        return Path(argument).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise MissingDataError(f"{argument}: {problem}", "name a file of Python text, or give a function") from None


def _shown(stage: dict[str, Any], colour: bool) -> RenderableType:
    """A stage for people: the fields of every record, every rejection with its rule."""
    title = f"{stage['stage']}, {stage['seconds']} s"
    parts: list[RenderableType] = [Rule(title, align="left", characters="─")]
    for record in stage["kept"]:
        parts.append(Text(record["id"], style="bold"))
        parts += fields(record, colour, _NOT_SHOWN)
    for rejection in stage["rejected"]:
        line = Text(f"{printable(rejection['id'])} rejected by {rejection['rule']}", style="yellow")
        parts += [line, Text(indented(str(rejection["evidence"])))]
    if not stage["kept"]:
        parts.append(Text(f"nothing is left after {stage['stage']}", style="bold yellow"))
    return Group(*parts)
