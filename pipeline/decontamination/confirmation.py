"""Programs that run a row's code under a benchmark's own tests: the execution layer of decontamination.

Only source text is made here; the caller runs it in its sandbox. A program that passes is proof that the row
solves the task. Each function of the row that could be the task's entry point gives a program of its own,
because a renamed solution hides under another name.
"""

from __future__ import annotations

import ast

from pipeline.decontamination.shapes import mended
from pipeline.packs.layouts import Task

MAX_PROGRAMS = 4


def confirmation_programs(task: Task, code: str) -> tuple[str, ...]:
    """Programs of which one passes when `code` solves the task; none when the task has no tests to run
    or the code defines nothing that they could call."""
    if not task.tests:
        return ()
    if not task.entry_point:
        return (_program(task, code, ""),)
    names = _callable_names(code)
    if task.entry_point in names:
        return (_program(task, code, ""),)
    return tuple(
        _program(task, code, f"{task.entry_point} = {name}") for name in names[:MAX_PROGRAMS]
    )


def _program(task: Task, code: str, alias: str) -> str:
    return (
        "\n\n".join(part for part in (task.setup, code, alias, task.tests) if part.strip()) + "\n"
    )


def _callable_names(code: str) -> list[str]:
    """Top-level functions and classes, the last first: helpers come before what they help."""
    module = mended(code)
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    body = module.body if module is not None else []
    return [node.name for node in reversed(body) if isinstance(node, definitions)]
