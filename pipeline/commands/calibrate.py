"""`calibrate`: measures how many of the model's answers are right, and which evidence shows it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.commands import announce, console, open_project, print_json, require_sandbox
from pipeline.dataset.calibration import percent
from pipeline.errors import ConfigError
from pipeline.operations.calibration import calibrate
from pipeline.operations.truth import require_hidden_tests
from pipeline.packs.find import evaluated_file
from pipeline.packs.pack import load_pack
from pipeline.text.display import printable

HELP = "measure on tasks with hidden tests how many of the model's rows are right"

_KINDS = {
    "in_form": "in form",
    "passing": "passing their own tests",
    "agreed": "of them, agreed on",
    "selected": "selected",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pack", action="append", metavar="PACK",
        help="a benchmark in the layout of HumanEval or MBPP: a file, or a name as in [evaluation] pack; "
        "may be repeated; default: the one of [evaluation] pack",
    )  # fmt: skip
    parser.add_argument("--tasks", type=int, default=100, metavar="N", help="tasks to take (100); more is surer")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    project = open_project()
    if arguments.tasks < 1:
        raise ConfigError(f"--tasks {arguments.tasks} is too few", "take at least 1, rather 100")
    packs = [load_pack(_file(entry)) for entry in arguments.pack or ()] or [project.evaluated_pack()]
    for pack in packs:
        require_hidden_tests(pack)
    announce()
    require_sandbox(project)
    progress = Console(stderr=True, highlight=False, markup=False)
    document = calibrate(project, packs, arguments.tasks, progress.print)
    if arguments.json:
        print_json(document)
    else:
        _show(document)
    return 0


def _file(entry: str) -> Path:
    return evaluated_file(entry, Path(entry).expanduser(), Path.cwd())


def _show(document: Mapping[str, Any]) -> None:
    out, figures = console(), document["figures"]
    packs = ", ".join(printable(pack["name"]) for pack in document["packs"])
    out.print(
        f"{printable(document['model']['name'])}: {figures['tasks']} tasks of {packs}, {document['samples']} samples; "
        "95% intervals in brackets"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("answers")
    for name in ("", "right", "share"):
        table.add_column(name, justify="right")
    for kind, words in _KINDS.items():
        table.add_row(words, f"{figures[kind]:,}", f"{figures[f'right_{kind}']:,}", percent(figures["shares"][kind]))
    out.print(table)
    choices = Table(box=None, pad_edge=False, header_style="dim")
    choices.add_column("[selection] min_agreement")
    for name in ("rows", "right", "share", "tasks with a right answer that keep a row"):
        choices.add_column(name, justify="right")
    for choice in document["by_min_agreement"]:
        choices.add_row(
            str(choice["min_agreement"]), f"{choice['selected']:,}", f"{choice['right_selected']:,}",
            percent(choice["share"]), f"{choice['answerable_selected']:,} of {figures['answerable']:,}",
        )  # fmt: skip
    out.print(choices)
    if document["evidence"]:
        evidence = Table(box=None, pad_edge=False, header_style="dim")
        evidence.add_column("evidence")
        evidence.add_column("right has more of it than wrong", justify="right")
        for name, estimate in document["evidence"].items():
            evidence.add_row(name, percent(estimate))
        out.print(evidence)
    out.print(document["verdict"])
