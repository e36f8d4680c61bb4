"""`status`: where the run is, or where the last one ended, once or until the run ends."""

from __future__ import annotations

import argparse
import time

from rich.live import Live

from pipeline.commands import console, open_project, print_json
from pipeline.operations.run_status import run_status
from pipeline.operations.unfinished import UnfinishedRun, unfinished_runs
from pipeline.run.status_view import view
from pipeline.text.display import counted, duration

HELP = "show where the run is: stages, rates, time left, last rejections"

WATCH_SECONDS = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="go on showing it until the run ends")
    parser.add_argument("--all", action="store_true", help="list every unfinished run: command, records, age")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    artifacts = open_project().artifacts
    if arguments.all:
        return _show_unfinished(unfinished_runs(artifacts), arguments.json)
    document = run_status(artifacts)
    if arguments.json:
        print_json(document)
        return 0
    if not arguments.watch:
        console().print(view(document, details=True))
        return 0
    with Live(view(document, details=True), console=console(), auto_refresh=False) as live:
        while document["state"] == "running":
            time.sleep(WATCH_SECONDS)
            document = run_status(artifacts)
            live.update(view(document, details=True), refresh=True)
    return 0


def _show_unfinished(runs: list[UnfinishedRun], as_json: bool) -> int:
    if as_json:
        print_json([run.document() for run in runs])
        return 0
    for item in runs:
        folders = ", ".join(item.folders)
        print(item.command or "a command that was not recorded")
        print(f"  {counted(item.records, 'record')}, the last one {duration(item.age_seconds)} ago: {folders}")
    print(counted(len(runs), "unfinished run") + ("; each command goes on where it stopped" if runs else ""))
    return 0
