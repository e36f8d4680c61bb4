"""Reads the tasks of benchmarks in the layouts in which their authors publish them.

One reader for each layout; the keys of a task determine its layout. In: a task as parsed JSON. Out: a `Task`.
Nothing of a task is executed or unpickled here.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.text.normalise import parse


@dataclass(frozen=True, slots=True)
class Task:
    """One problem of a benchmark.

    `texts` are the problem statement and other prose that must not be in a dataset, the statement first;
    `solutions` are complete programs (those of an editing task: after, before); `tests` is source that
    raises when the definitions before it are wrong, "" when the pack has none that can be run so.
    """

    pack: str
    id: str
    texts: tuple[str, ...]
    solutions: tuple[str, ...]
    entry_point: str = ""
    setup: str = ""
    tests: str = ""

    @property
    def name(self) -> str:
        return f"{self.pack}:{self.id}"


def layout_of(row: dict[str, Any]) -> str | None:
    """The first layout whose keys a task has; None for an unknown layout."""
    for layout, (keys, _) in _LAYOUTS.items():
        if all(any(key in row for key in key_or_other.split("|")) for key_or_other in keys):
            return layout
    return None


def read_task(layout: str, row: dict[str, Any]) -> Task:
    """The task, without its pack's name.

    Raises KeyError, TypeError, AttributeError or ValueError for a row that is not of this layout.
    """
    return _LAYOUTS[layout][1](row)


def _human_eval(row: dict[str, Any]) -> Task:
    prompt, entry_point = row["prompt"], row["entry_point"]
    solution = row["canonical_solution"]
    # HumanEval's solution is the body that continues the prompt, MBPP+ gives the whole function.
    whole = solution if f"def {entry_point}" in solution else prompt + solution
    tests = row.get("test") or ""
    if tests and "check(" in tests and f"check({entry_point})" not in tests:
        tests += f"\n\ncheck({entry_point})\n"
    if not tests and ("base_input" in row or "plus_input" in row):
        tests = _differential_tests(whole, entry_point, row)
    return Task(
        "",
        str(row.get("task_id", "")),
        (docstring_of(prompt) or prompt, prompt),
        (whole,),
        entry_point,
        _imports(prompt),
        tests,
    )


_DIFFERENTIAL_INPUTS = 50


def _differential_tests(solution: str, entry_point: str, row: dict[str, Any]) -> str:
    """Tests of a pack that has inputs but no outputs: the reference solution computes the expected outputs."""
    inputs = [*(row.get("base_input") or []), *(row.get("plus_input") or [])]
    return (
        f"import copy\n_inputs = {inputs[:_DIFFERENTIAL_INPUTS]!r}\n_reference = {{}}\n"
        f"exec({solution!r}, _reference)\n"
        "for _input in _inputs:\n"
        f"    _wanted = _reference[{entry_point!r}](*copy.deepcopy(_input))\n"
        f"    assert {entry_point}(*copy.deepcopy(_input)) == _wanted\n"
    )


def _mbpp(row: dict[str, Any]) -> Task:
    tests = [*row["test_list"], *(row.get("challenge_test_list") or [])]
    setup = [row.get("test_setup_code") or "", *(row.get("test_imports") or [])]
    return Task(
        "",
        str(row.get("task_id", "")),
        (row.get("text") or row["prompt"],),
        (row["code"],),
        _called_by(tests),
        "\n".join(filter(None, setup)),
        "\n".join(tests),
    )


def _livecodebench(row: dict[str, Any]) -> Task:
    metadata = row.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    name = metadata.get("func_name") or ""
    cases = row.get("public_test_cases") or []
    if isinstance(cases, str):
        cases = json.loads(cases)
    lines = ["import json"]
    for case in cases if name else []:
        arguments = ", ".join(f"json.loads({line!r})" for line in case["input"].split("\n"))
        lines.append(f"assert {name}({arguments}) == json.loads({case['output']!r})")
    title = row.get("question_title") or ""
    return Task(
        "",
        str(row.get("question_id", "")),
        (row["question_content"], title) if len(title.split()) > 3 else (row["question_content"],),
        (),
        name,
        "",
        "\n".join(lines) if len(lines) > 1 else "",
    )


def _ds1000(row: dict[str, Any]) -> Task:
    metadata = row.get("metadata") or {}
    return Task(
        "",
        str(metadata.get("problem_id", "")),
        (row["prompt"].removeprefix("Problem:").split("\nA:\n")[0],),
        (row["reference_code"],),
    )


def _gsm8k(row: dict[str, Any]) -> Task:
    return Task("", str(row.get("id", "")), (row["question"], row["answer"]), ())


def _classeval(row: dict[str, Any]) -> Task:
    methods = [method.get("method_description") or "" for method in row.get("methods_info") or []]
    described = [docstring_of(text) or text for text in methods]
    imports = row.get("import_statement") or []
    setup = imports if isinstance(imports, str) else "\n".join(imports)
    tests = row.get("test") or ""
    return Task(
        "",
        str(row.get("task_id", "")),
        (" ".join([row.get("class_description") or "", *described]), row["skeleton"]),
        (row["solution_code"],),
        row.get("class_name") or "",
        setup,
        f"{tests}\n\nimport unittest\nunittest.main()\n" if tests else "",
    )


def _canitedit(row: dict[str, Any]) -> Task:
    instructions = (row["instruction_descriptive"], row.get("instruction_lazy") or "")
    return Task(
        "",
        str(row.get("full_name") or row.get("name") or row.get("id", "")),
        tuple(filter(None, instructions)),
        (row["after"], row["before"]),
        "",
        "",
        row.get("tests") or "",
    )


# name -> (keys, of which "a|b" is one of two; reader). The first layout whose keys a task has counts.
_LAYOUTS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], Task]]] = {
    "EvalPlus": (("prompt", "entry_point", "canonical_solution", "base_input|plus_input"), _human_eval),
    "HumanEval": (("prompt", "entry_point", "canonical_solution"), _human_eval),
    "MBPP": (("text|prompt", "code", "test_list"), _mbpp),
    "LiveCodeBench": (("question_content",), _livecodebench),
    "DS-1000": (("prompt", "reference_code"), _ds1000),
    "ClassEval": (("skeleton", "solution_code"), _classeval),
    "CanItEdit": (("before", "after", "instruction_descriptive"), _canitedit),
    "GSM8K": (("question", "answer"), _gsm8k),
}  # fmt: skip
LAYOUTS = (*_LAYOUTS, "EvoEval")  # the layout of EvoEval is that of HumanEval


def docstring_of(source: str) -> str:
    """The first bare string in the last function or class of a stub that has one, "" if none."""
    tree = parse(source) or parse(source.rstrip() + "\n    pass\n") or parse(textwrap.dedent(source))
    bodies = [
        node.body
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    for body in reversed(bodies):
        for statement in body:
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    return inspect.cleandoc(text)
    return ""


def _imports(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if line.startswith(("import ", "from ")))


def _called_by(tests: Iterable[str]) -> str:
    """The function that most asserts call, which is the one that they test."""
    counts: dict[str, int] = {}
    builtins = {"set", "sorted", "list", "tuple", "isinstance", "len", "round", "str", "int", "abs"}
    for test in tests:
        tree = parse(test)
        names = {
            node.func.id
            for node in (ast.walk(tree) if tree else ())
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        for name in sorted(names - builtins):
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=counts.__getitem__) if counts else ""
