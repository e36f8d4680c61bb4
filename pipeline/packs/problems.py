"""Writes a benchmark's task as an instruction for a model, and as a program that tests the model's code.

For packs in the layouts of HumanEval, EvalPlus and MBPP. In: a `Task`. Out: text.
"""

from __future__ import annotations

import ast

from pipeline.errors import ConfigError
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.text.markdown import fence
from pipeline.text.normalise import parse

LAYOUTS = ("HumanEval", "EvalPlus", "MBPP")


def require_layout(pack: Pack) -> None:
    """Raise ConfigError for a pack in another layout, or with a task that has no tests."""
    untested = [task.id for task in pack.tasks if not task.tests]
    if pack.layout not in LAYOUTS or untested:
        reason = f"task {untested[0]} has no tests" if untested else f"its layout is {pack.layout}"
        raise ConfigError(
            f"{pack.path} cannot be evaluated: {reason}",
            f"packs in these layouts can: {', '.join(LAYOUTS)}",
        )


def instruction(task: Task) -> str:
    """The instruction for the model; it always names the function."""
    statement, *stub = task.texts
    if stub:
        return f"Complete this Python function.\n\n{fence(stub[0])}"
    if task.entry_point in statement:
        return statement
    return f"{statement}\n\nIt must pass this test:\n\n{fence(task.tests.splitlines()[0])}"


def without_tests(task: Task) -> str:
    """The instruction for a model that must see none of the task's tests: a function's name comes with its call."""
    statement, *stub = task.texts
    if stub:
        return f"Complete this Python function.\n\n{fence(stub[0])}"
    if task.entry_point in statement:
        return statement
    return f"{statement}\n\nThe function is `{_call(task)}`."


def _call(task: Task) -> str:
    """The function's name with the parameters that it has in the task's solution."""
    for solution in task.solutions:
        tree = parse(solution)
        for node in tree.body if tree else ():
            if isinstance(node, ast.FunctionDef) and node.name == task.entry_point:
                return f"{node.name}({ast.unparse(node.args)})"
    return f"{task.entry_point}(...)"


def solution(task: Task, code: str) -> str:
    """The model's code behind the task's setup: what the task's tests use."""
    stub = task.texts[1] if len(task.texts) > 1 else ""
    # A stub may define helpers; the model's function, which follows it, replaces the stub's.
    before = stub if stub and parse(stub) is not None else task.setup
    return "\n\n".join(part.rstrip() for part in (before, code) if part) + "\n"


def program(task: Task, code: str) -> str:
    """The model's code between the task's setup and its tests; the program exits with 0 when all tests pass."""
    return "\n\n".join(part.rstrip() for part in (solution(task, code), task.tests) if part.strip()) + "\n"
