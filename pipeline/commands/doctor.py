"""`doctor`: what a run needs, each as PASS, CAUTION (it works, with less) or FAIL, with the remedy."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.text import Text

from pipeline import TASKS
from pipeline.commands import console, print_json
from pipeline.errors import MachineError
from pipeline.operations.doctor import examine
from sandbox.check import CAUTION, FAIL, PASS, Finding

HELP = "check what a run needs: model, llama.cpp, sandbox, memory, disk, sources, hub"

_STYLES = {PASS: "green", CAUTION: "yellow", FAIL: "bold red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", nargs="?", default="", choices=["", *TASKS], metavar="TASK", help="a task to check for")
    parser.add_argument("--json", action="store_true", help="print one JSON array of findings")


def run(arguments: argparse.Namespace) -> int:
    findings = []
    for finding in examine(arguments.task):
        findings.append(finding)
        if not arguments.json:
            _show(finding)
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    return MachineError.exit_code if any(item.level == FAIL for item in findings) else 0


def _show(finding: Finding) -> None:
    out = console()
    line = Text(f"{finding.level:8}", style=_STYLES[finding.level])
    line.append(f"{finding.name}: {finding.text}", "default")
    out.print(line, soft_wrap=True)
    if finding.remedy:
        out.print(Text(f"        -> {finding.remedy}"), soft_wrap=True)
