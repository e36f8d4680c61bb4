"""`verify`: re-reads every file of the current configuration; `--repair` makes damaged ones again."""

from __future__ import annotations

import argparse

from pipeline.commands import announce, begin_run, open_project, print_json, require_sandbox
from pipeline.errors import DamagedFiles
from pipeline.operations.integrity import Current, Finding, as_json, findings, model_file
from pipeline.operations.repair import repair
from pipeline.project.project import Project
from pipeline.text.display import counted

HELP = "re-read every file that is reached and name those that are damaged, missing or edited"

REPAIR = "selfcodealign verify --repair"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="make anew what is damaged, and only that")
    parser.add_argument("--model", action="store_true", help="re-read the model file too: minutes for a large one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.repair:
        announce()
        project = begin_run()
        damaged, left = _repair(project)
    else:
        project = open_project()
        damaged = list(findings(Current(project)))
        left = list(damaged)
    beyond_repair = list(model_file(project)) if arguments.model else []
    damaged += beyond_repair
    if arguments.json:
        print_json(
            {
                "found": [as_json(finding) for finding in damaged],
                "left": [as_json(finding) for finding in left + beyond_repair],
                "repair": REPAIR if left else None,
            }
        )
    else:
        for finding in damaged:
            state = "" if finding in left + beyond_repair else "repaired: "
            print(f"{state}{finding.path}: {finding.problem}")
        if not damaged:
            print("every file is as it was published")
        elif left:
            print(f"{counted(len(left), 'file')}; `{REPAIR}` makes anew what is damaged, and only that")
    return DamagedFiles.exit_code if left or beyond_repair else 0


def _repair(project: Project) -> tuple[list[Finding], list[Finding]]:
    """The findings before the repair, and those after it."""
    _ = project.checked_scan
    damaged = list(findings(Current(project)))
    if damaged:
        require_sandbox(project)
        repair(Current(project), damaged)
    return damaged, list(findings(Current(Project(project.settings, project.root))))
