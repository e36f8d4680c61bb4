"""`verify`: re-read everything that the configuration reaches; `--repair` makes anew what is damaged."""

from __future__ import annotations

import argparse

from pipeline.commands import open_session, print_json
from pipeline.errors import DamagedFiles
from pipeline.operations.integrity import Finding, Reach, as_json, findings, model_file
from pipeline.operations.repair import repair
from pipeline.project import session
from pipeline.stages.seeds import scan, scan_of

HELP = "re-read every file that is reached and name those that are damaged, missing or edited"

REPAIR = "python -m pipeline verify --repair"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repair", action="store_true", help="make anew what is damaged, and only that"
    )
    parser.add_argument(
        "--model", action="store_true", help="re-read the model file too: minutes for a large one"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.repair:
        project = session.begin()
        found, left = _repair(project)
    else:
        project = open_session()
        found = list(findings(Reach.of(project, scan_of(project))))
        left = list(found)
    beyond_repair = list(model_file(project)) if arguments.model else []
    found += beyond_repair
    if arguments.json:
        print_json(
            {
                "found": [as_json(finding) for finding in found],
                "left": [as_json(finding) for finding in left + beyond_repair],
                "repair": REPAIR if left else None,
            }
        )
    else:
        for finding in found:
            state = "" if finding in left + beyond_repair else "repaired: "
            print(f"{state}{finding.path}: {finding.problem}")
        if not found:
            print("every file is as it was published")
        elif left:
            print(f"{len(left)} files; `{REPAIR}` makes anew what is damaged, and only that")
    return DamagedFiles.exit_code if left or beyond_repair else 0


def _repair(project: session.Session) -> tuple[list[Finding], list[Finding]]:
    reach = Reach.of(project, scan())
    found = list(findings(reach))
    if found:
        project.preflight()
        repair(reach, found)
    return found, list(findings(Reach.of(project, scan_of(project))))
