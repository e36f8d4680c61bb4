"""A misspelt task on Luigi's command line: one line with the nearest right name instead of a trace, and code 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType

from luigi.task_register import TaskClassNotFoundException

from pipeline.text.nearest import nearest

WRONG_COMMAND_LINE = 2


def refuse(task: str, tasks: Sequence[str]) -> int:
    """Say that there is no such task, and which there are; return the exit code."""
    print(f"error: there is no task {task}\n  {nearest(task, tasks)}", file=sys.stderr)
    return WRONG_COMMAND_LINE


def explain(tasks: Sequence[str]) -> None:
    """From now on, say it in one line when the command `luigi` ends for a task that it does not know."""
    show = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, TaskClassNotFoundException):
            show(kind, error, trace)
            return
        # The message has no attribute for the name: "No task NAME. Candidates are: ...".
        words = str(error).split()
        raise SystemExit(refuse(words[2].rstrip(".") if len(words) > 2 else "", tasks))

    sys.excepthook = hook
