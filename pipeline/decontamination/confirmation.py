"""Writes programs that run a row's code under a benchmark's tests: the execution layer of decontamination.

In: a task and a row's code. Out: source text, which the caller runs in its sandbox. A program that passes proves that
the row solves the task. A solution may have another name than the task's entry point, so each function of the row
that could be it gives a separate program.
"""

from __future__ import annotations

import ast

from pipeline.decontamination.shapes import mended
from pipeline.packs.layouts import Task

MAX_PROGRAMS = 4


def confirmation_programs(task: Task, code: str) -> tuple[str, ...]:
    """At most MAX_PROGRAMS programs, of which one passes when `code` solves the task.

    None when the task has no tests to run, or the code defines no function or class for them to call.
    """
    if not task.tests:
        return ()
    if not task.entry_point:
        return (_program(task, code, ""),)
    names = _callable_names(code)
    if task.entry_point in names:
        return (_program(task, code, ""),)
    return tuple(_program(task, code, f"{task.entry_point} = {name}") for name in names[:MAX_PROGRAMS])


def _program(task: Task, code: str, alias: str) -> str:
    return "\n\n".join(part for part in (task.setup, code, alias, task.tests) if part.strip()) + "\n"


def _callable_names(code: str) -> list[str]:
    """Top-level functions and classes, the last first: a helper usually precedes the function that calls it."""
    module = mended(code)
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    body = module.body if module is not None else []
    return [node.name for node in reversed(body) if isinstance(node, definitions)]
