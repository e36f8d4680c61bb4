"""`why`: lists the work of the next run with its reasons, without doing it."""

from __future__ import annotations

import argparse

from pipeline.commands import open_project, print_json
from pipeline.operations.changes import reasons
from pipeline.operations.unfinished import unfinished_runs
from pipeline.text.display import counted

HELP = "say what the next run would do, and for what reason"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    project = open_project()
    findings = reasons(project)
    if arguments.json:
        print_json(findings)
        return 0
    if not findings:
        print("nothing to do: the dataset is there and everything it was made from is unchanged")
        if others := unfinished_runs(project.artifacts):
            print(f"{counted(len(others), 'unfinished run')} with other options: `selfcodealign status --all`")
    for finding in findings:
        print(f"{finding['stage']}: {finding['what']}")
        for line in finding["because"]:
            print(f"  {line}")
    return 0
