"""What is run to score an answer: programs for the sandbox, each of which exits with 0 when the answer is right.

In: a `Task` and an answer's code. Out: Python source. A task with inputs has a program for each of its suites; the
expected outputs in it come from the program of the task's own solution (`reference`), which runs before, alone.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.packs.inside.trial import packed, unpacked
from pipeline.packs.layouts import Task
from pipeline.packs.methods import within_class
from pipeline.text.normalise import parse

# EvalPlus (evalplus/config.py) limits an input's seconds by four times those of the solution, and at least by 1; here
# they are processor time, and the least is what a slower machine needs.
TIMES_REFERENCE, LEAST_SECONDS = 4.0, 4.0

Expected = Mapping[str, Any]  # by suite: what the program of the solution printed, read by `read_expected`


def suites(task: Task) -> tuple[str, ...]:
    """The names of the task's suites, the easiest first; an answer is right when it passes them all."""
    return tuple(name for name, _ in task.inputs.suites) if task.inputs else ("tests",)


def is_empty(task: Task, suite: str) -> bool:
    """Whether a suite of inputs has none: MBPP+ has such for one task, and any answer passes it."""
    return task.inputs is not None and not unpacked(dict(task.inputs.suites)[suite])


def tests_of(task: Task) -> str:
    """The tests that decide about an answer, where the task has neither inputs nor cases."""
    return (task.asked and task.asked.tests) or task.tests


def has_own_tests(task: Task) -> bool:
    """Whether the task's tests are Python that follows the answer: it has neither inputs nor cases."""
    return task.inputs is None and not (task.asked and task.asked.cases)


def cases(task: Task) -> int:
    """The number of the task's inputs that come with outputs."""
    return len(unpacked(task.asked.cases.packed)) if task.asked and task.asked.cases else 0


def complete(task: Task, code: str) -> str:
    """An answer's code after what the task gives: the imports, and the helpers that its stub may define.

    The answer's function, which follows, replaces the stub's; its method, where one is asked, the solution's.
    """
    if task.asked is not None and task.asked.method:
        return within_class(task.solutions[0], task.entry_point, task.asked.method, code)
    before = task.stub if task.stub and parse(task.stub) is not None else task.setup
    return f"{before.rstrip()}\n\n{code}" if before else code


def program(
    task: Task, source: str, suite: str = "tests", expected: Expected | None = None, flipped: bool = False
) -> str:
    """The program that scores a complete answer with one of the task's suites.

    `flipped`: where an output is expected to be there or not, the opposite is.
    """
    if task.asked is not None and task.asked.cases is not None:
        cases = task.asked.cases
        return f"{_inside()}\n\ncheck_cases({source!r}, {cases.packed!r}, {cases.function!r})\n"
    if task.inputs is None:
        return f"{source.rstrip()}\n\n{tests_of(task).rstrip()}\n"
    if expected is None:
        raise ValueError(f"{task.name}: the expected outputs are missing")
    outputs = expected[suite]
    values = {
        "inputs": dict(task.inputs.suites)[suite],
        "expected": outputs["expected"],
        "second": outputs["second"],
        "seconds": [max(LEAST_SECONDS, TIMES_REFERENCE * seconds) for seconds in outputs["seconds"]],
        "atol": task.inputs.atol,
        "flipped": flipped,
    }
    suite_text = f"{{**{values!r}, 'compare': {task.inputs.oracle.compare}}}"
    return f"{_inside()}\n\ncheck({source!r}, {task.entry_point!r}, {suite_text})\n"


def falsified(task: Task, source: str, suite: str = "tests", expected: Expected | None = None) -> str:
    """The program of an answer whose results, or what is expected, are wrong: it cannot pass honestly.

    For cases, and for inputs of which there are some (`is_empty`).
    """
    if task.asked is not None and task.asked.cases is not None:
        cases = task.asked.cases
        other = "[{}, 0]" if cases.function else "{}\n0"
        pairs = [(given, other.format(output)) for given, output in unpacked(cases.packed)]
        wrong = replace(cases, packed=packed(pairs))
        return program(replace(task, asked=replace(task.asked, cases=wrong)), source)
    if task.inputs is None:
        raise ValueError(f"{task.name} has neither inputs nor cases")
    if task.inputs.oracle.compare == "not_none":
        return program(task, source, suite, expected, flipped=True)
    # An object of its own equals nothing; where every output is right, an exception is not.
    result = "raise ValueError" if task.inputs.oracle.compare == "anything" else "return object()"
    replaced = f"{source}\n\n\ndef {task.entry_point}(*arguments, **options):\n    {result}\n"
    return program(task, replaced, suite, expected)


def reference(task: Task, suite: str) -> str:
    """The program that prints the expected outputs of a suite."""
    if task.inputs is None:
        raise ValueError(f"{task.name} has no inputs")
    oracle = task.inputs.oracle
    arguments = (
        task.solutions[0],
        oracle.second,
        task.entry_point,
        dict(task.inputs.suites)[suite],
        oracle.compare == "not_none",
        oracle.compare == "exact_or_close" and not task.inputs.atol,
    )
    return f"{_inside()}\n\nreference{arguments!r}\n"


def read_expected(stdout: str) -> dict[str, Any] | None:
    """The outputs that a program of `reference` printed; None when it did not print them all."""
    try:
        outputs = ast.literal_eval(stdout.strip())
    except (SyntaxError, ValueError):
        return None
    return outputs if isinstance(outputs, dict) and set(outputs) == {"expected", "second", "seconds"} else None


@cache
def _inside() -> str:
    """Source that defines `check`, `reference` and the comparisons where nothing of this project is installed."""
    folder = Path(__file__).parent / "inside"
    texts = ((folder / f"{name}.py").read_text("utf-8").replace(_FUTURE, "") for name in _INSIDE)
    return _FUTURE + "\n".join(texts)


_INSIDE = ("comparison", "trial", "streams")
_FUTURE = "from __future__ import annotations\n"
