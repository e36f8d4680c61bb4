"""`run [TASK]`: the same as `luigi --module pipeline TASK`, with Luigi's arguments and exit codes."""

from __future__ import annotations

import argparse

from luigi.cmdline import luigi_run

from pipeline import TASKS
from pipeline.run.unknown_task import refuse

HELP = "make the dataset, or another task: `luigi --module pipeline TASK` with all its arguments"
HANDS_THROUGH = True

DEFAULT = "FinalDataset"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [-C FOLDER] [TASK] [luigi's arguments, --responses-samples 8 for example]\n\n"
    parser.epilog = f"TASK is {DEFAULT} if it is left out, or one of {', '.join(TASKS)}."


def run(arguments: argparse.Namespace) -> int:
    words = arguments.others
    task, *rest = words if words and not words[0].startswith("-") else [DEFAULT, *words]
    if task not in TASKS:
        return refuse(task, TASKS)
    try:
        luigi_run(["--module", "pipeline", task, *rest])
    except SystemExit as ended:
        if isinstance(ended.code, str):  # as Luigi ends when it has no task
            raise
        return int(ended.code or 0)
    return 0
