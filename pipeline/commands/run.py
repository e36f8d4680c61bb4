"""`run [TASK]`: the same as `luigi --module pipeline TASK`, with Luigi's arguments and exit codes."""

from __future__ import annotations

import argparse
import sys

import luigi
from luigi.cmdline import luigi_run

import pipeline
from pipeline.text.nearest import nearest

HELP = "make the dataset, or another task: `luigi --module pipeline TASK` with all its arguments"
HANDS_THROUGH = True

DEFAULT = "FinalDataset"
WRONG_COMMAND_LINE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [-C FOLDER] [TASK] [luigi's arguments, --responses-samples 8 for example]\n\n"
    parser.epilog = f"TASK is {DEFAULT} if it is left out, or one of {', '.join(tasks())}."


def tasks() -> list[str]:
    """The names of the tasks that can be asked for."""
    offered = [name for name in pipeline.__all__ if isinstance(getattr(pipeline, name), type)]
    return [name for name in offered if issubclass(getattr(pipeline, name), luigi.Task)]


def run(arguments: argparse.Namespace) -> int:
    words = arguments.others
    task, *rest = words if words and not words[0].startswith("-") else [DEFAULT, *words]
    if task not in tasks():
        print(f"error: there is no task {task}\n  {nearest(task, tasks())}", file=sys.stderr)
        return WRONG_COMMAND_LINE
    try:
        luigi_run(["--module", "pipeline", task, *rest])
    except SystemExit as ended:
        if isinstance(ended.code, str):  # as Luigi ends when it has no task
            raise
        return int(ended.code or 0)
    return 0
