"""`preview N`: the first N seeds through all stages, shown as rows with what was rejected on the way."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import RenderableType
from rich.rule import Rule
from rich.text import Text

from pipeline.commands import console, open_project, print_json, require_sandbox
from pipeline.commands.record_view import fields
from pipeline.operations.preview import Previewed, preview
from pipeline.text.display import counted, printable

HELP = "take the first N seeds through all stages, and show their rows and what was rejected"

_SHOWN = ("instruction", "response", "tests")
_EVIDENCE = 100  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("seeds", nargs="?", type=_number, default=5, metavar="N", help="how many seeds (default 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON array of seeds")


def run(arguments: argparse.Namespace) -> int:
    project = open_project()
    require_sandbox(project)
    with tempfile.TemporaryDirectory(prefix="selfcodealign-preview-") as folder:
        found = preview(project, arguments.seeds, Path(folder), lambda line: print(line, file=sys.stderr))
    if arguments.json:
        print_json([asdict(item) for item in found])
        return 0
    out = console()
    for item in found:
        for part in _shown(item, out.is_terminal):
            out.print(part)
    rows = sum(item.row is not None for item in found)
    out.print(Text(f"{counted(rows, 'row')} of {counted(len(found), 'seed')}", style="bold"))
    return 0


def _shown(item: Previewed, colour: bool) -> Iterator[RenderableType]:
    seed = item.seed
    yield Rule(f"{seed['name']}, {seed['path']}:{seed['lines'][0]}", align="left", characters="─")
    if item.row is None:
        yield Text("no row", style="bold yellow")
    else:
        yield Text(f"row {item.row['id']}", style="bold green")
        yield from fields({name: value for name, value in item.row.items() if name in _SHOWN}, colour)
    for rejection in item.rejected:
        evidence = printable(" ".join(str(rejection["evidence"]).split()))[:_EVIDENCE]
        yield Text(f"  {rejection['stage']} {rejection['id']}: {rejection['rule']} ({evidence})", style="yellow")


def _number(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no whole number of 1 or more")
    return int(text)
