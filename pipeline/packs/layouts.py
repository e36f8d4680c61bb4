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

from pipeline.packs.asked import Asked
from pipeline.packs.differential import differential, published_cases
from pipeline.packs.inputs import Inputs
from pipeline.text.normalise import parse


@dataclass(frozen=True, slots=True)
class Task:
    """One problem of a benchmark.

    `texts` are the problem statement and other prose that must not be in a dataset, the statement first;
    `solutions` are complete programs (those of an editing task: after, before); `tests` is source that
    raises when the definitions before it are wrong, "" when the pack has none that can be run so. Tasks of an evaluated
    pack may have `inputs`, or are `asked` in a way of their own (variants.py): these decide about an answer then.
    """

    pack: str
    id: str
    texts: tuple[str, ...]
    solutions: tuple[str, ...]
    entry_point: str = ""
    setup: str = ""
    tests: str = ""
    inputs: Inputs | None = None
    asked: Asked | None = None

    @property
    def name(self) -> str:
        return f"{self.pack}:{self.id}"

    @property
    def stub(self) -> str:
        """The beginning of the program, where the task shows one: HumanEval's, not MBPP+'s text in a docstring."""
        shown = self.texts[1] if len(self.texts) > 1 else ""
        return shown if f"def {self.entry_point}" in shown else ""


def layout_of(row: dict[str, Any]) -> str | None:
    """The first layout whose keys a task has; None for an unknown layout."""
    for layout, (keys, _) in _LAYOUTS.items():
        if all(any(key in row for key in key_or_other.split("|")) for key_or_other in keys):
            return layout
    return None


def read_task(layout: str, row: dict[str, Any]) -> Task:
    """The task, without its pack's name.

    Raises ValueError for a row that is not of this layout, with the key where that is known.
    """
    try:
        task = _LAYOUTS[layout][1](row)
    except KeyError as error:
        raise ValueError(f"it has no {error.args[0]}") from error
    except (TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(f"a value has the wrong type: {error}") from error
    return task


def _text(row: dict[str, Any], *keys: str, default: str | None = None) -> str:
    """The text of the first of these keys that the row has; an absent one is the default, where there is one.

    Raises ValueError for a value that is no text, KeyError for a row without the keys and without a default.
    """
    present = [key for key in keys if key in row]
    key = next((key for key in present if row[key] is not None), present[0] if present else None)
    if key is None:
        if default is None:
            raise KeyError(keys[0])
        return default
    return _checked(row[key], key)


def _texts(row: dict[str, Any], key: str, required: bool = False) -> list[str]:
    """The list of texts of a key; an absent or null one is empty, unless it is `required`.

    Raises ValueError for any other value, KeyError for a required key that is absent.
    """
    value = row[key] if required else row.get(key)
    if value is None and not required:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{key} is {_type(value)}, not a list of texts")
    return [_checked(item, f"{key}[{number}]") for number, item in enumerate(value)]


def _checked(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} is {_type(value)}, not a text")
    return value


def _type(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _id(row: dict[str, Any], *keys: str) -> str:
    """The text or whole number of the first key that has one; "" when none has. Raises ValueError for another value."""
    key, value = next(((key, row[key]) for key in keys if row.get(key) not in (None, "")), ("", ""))
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(f"{key} is {_type(value)}, not a text or a whole number")
    return str(value)


def _optional(row: dict[str, Any], key: str) -> str:
    """The text of a key; an absent or null one is empty. Raises ValueError for another value."""
    return "" if row.get(key) is None else _text(row, key)


def _object(value: Any, key: str) -> dict[str, Any]:
    """An object, also as JSON text; null is an empty one. Raises ValueError for another value."""
    value = json.loads(value) if isinstance(value, str) else value
    if not isinstance(value, dict | None):
        raise ValueError(f"{key} is {_type(value)}, not an object")
    return value or {}


def _objects(value: Any, key: str) -> list[dict[str, Any]]:
    """A list of objects, also as JSON text; null is an empty one. Raises ValueError for another value."""
    value = json.loads(value) if isinstance(value, str) and value else value
    if value and not isinstance(value, list):
        raise ValueError(f"{key} is {_type(value)}, not a list of objects")
    return [_object(item, f"{key}[{number}]") for number, item in enumerate(value or [])]


def _human_eval(row: dict[str, Any]) -> Task:
    id, prompt, entry_point = _id(row, "task_id"), _text(row, "prompt"), _text(row, "entry_point")
    solution = _text(row, "canonical_solution")
    # HumanEval's solution is the body that continues the prompt, MBPP+ gives the whole function.
    whole = solution if f"def {entry_point}" in solution else prompt + solution
    tests = _text(row, "test", default="")
    if tests and "check(" in tests and f"check({entry_point})" not in tests:
        tests += f"\n\ncheck({entry_point})\n"
    if not tests and ("base_input" in row or "plus_input" in row):
        tests = _differential_tests(whole, entry_point, row)
    return Task(
        "",
        id,
        (docstring_of(prompt) or prompt, prompt),
        (whole,),
        entry_point,
        _imports(prompt),
        tests,
    )


def _differential_tests(solution: str, entry_point: str, row: dict[str, Any]) -> str:
    """Tests of a pack that has inputs but no outputs: the reference solution computes the expected outputs."""
    by_key: dict[str, list[Any]] = {"base_input": [], "plus_input": []}
    for key, inputs in by_key.items():
        for number, arguments in enumerate(row.get(key) or []):
            if not isinstance(arguments, list):
                raise ValueError(f"{key}[{number}] is {_type(arguments)}, not a list of arguments")
            inputs.append(arguments)
    tolerance = row.get("atol") or 0
    if not isinstance(tolerance, int | float):
        raise ValueError(f"atol is {_type(tolerance)}, not a number")
    return differential(solution, entry_point, by_key["base_input"], by_key["plus_input"], tolerance)


def _mbpp(row: dict[str, Any]) -> Task:
    tests = [*_texts(row, "test_list", required=True), *_texts(row, "challenge_test_list")]
    more = published_cases(_optional(row, "test"), _called_by(tests))
    setup = [_optional(row, "test_setup_code"), *_texts(row, "test_imports")]
    return Task(
        "",
        _id(row, "task_id"),
        (_text(row, "text", "prompt"),),
        (_text(row, "code"),),
        _called_by(tests),
        "\n".join(filter(None, setup)),
        "\n".join(filter(None, [*tests, more])),
    )


def _livecodebench(row: dict[str, Any]) -> Task:
    name = _optional(_object(row.get("metadata") or None, "metadata"), "func_name")
    cases = _objects(row.get("public_test_cases"), "public_test_cases")
    lines = ["import json"]
    for case in cases if name else []:
        arguments = ", ".join(f"json.loads({line!r})" for line in _text(case, "input").split("\n"))
        lines.append(f"assert {name}({arguments}) == json.loads({_text(case, 'output')!r})")
    content, title = _text(row, "question_content"), _optional(row, "question_title")
    return Task(
        "",
        _id(row, "question_id"),
        (content, title) if len(title.split()) > 3 else (content,),
        (),
        name,
        "",
        "\n".join(lines) if len(lines) > 1 else "",
    )


def _ds1000(row: dict[str, Any]) -> Task:
    return Task(
        "",
        _id(_object(row.get("metadata") or None, "metadata"), "problem_id"),
        (_text(row, "prompt").removeprefix("Problem:").split("\nA:\n")[0],),
        (_text(row, "reference_code"),),
    )


def _gsm8k(row: dict[str, Any]) -> Task:
    return Task("", _id(row, "id"), (_text(row, "question"), _text(row, "answer")), ())


def _classeval(row: dict[str, Any]) -> Task:
    methods = [_optional(method, "method_description") for method in _objects(row.get("methods_info"), "methods_info")]
    described = [docstring_of(text) or text for text in methods]
    imports = row.get("import_statement")
    setup = imports if isinstance(imports, str) else "\n".join(_texts(row, "import_statement"))
    tests = _text(row, "test", default="")
    return Task(
        "",
        _id(row, "task_id"),
        (" ".join([_optional(row, "class_description"), *described]), _text(row, "skeleton")),
        (_text(row, "solution_code"),),
        _optional(row, "class_name"),
        setup,
        f"{tests}\n\nimport unittest\nunittest.main()\n" if tests else "",
    )


def _canitedit(row: dict[str, Any]) -> Task:
    instructions = (_text(row, "instruction_descriptive"), _optional(row, "instruction_lazy"))
    return Task(
        "",
        _id(row, "full_name", "name", "id"),
        tuple(filter(None, instructions)),
        (_text(row, "after"), _text(row, "before")),
        "",
        "",
        _text(row, "tests", default=""),
    )


def _bigcodebench(row: dict[str, Any]) -> Task:
    statements = (_optional(row, "instruct_prompt"), _optional(row, "complete_prompt"))
    stub = _optional(row, "code_prompt") or _optional(row, "complete_prompt")
    return Task(
        "",
        _id(row, "task_id"),
        tuple(filter(None, statements)),
        (f"{stub}{_text(row, 'canonical_solution')}",),
        _optional(row, "entry_point"),
        "",
        _text(row, "test"),
    )


_MOST_SOLUTIONS = 8  # of APPS, which has up to hundreds of a task


def _apps(row: dict[str, Any]) -> Task:
    value = row["solutions"]
    solutions = json.loads(value or "[]") if isinstance(value, str) else value or []
    if not isinstance(solutions, list):
        raise ValueError(f"solutions is {_type(solutions)}, not a list of texts")
    programs = [_checked(item, f"solutions[{number}]") for number, item in enumerate(solutions)]
    return Task("", _id(row, "id", "problem_id"), (_text(row, "question"),), tuple(programs[:_MOST_SOLUTIONS]))


def _cruxeval(row: dict[str, Any]) -> Task:
    code = _text(row, "code")
    test = f"assert f({_text(row, 'input')}) == {_text(row, 'output')}"
    return Task("", _id(row, "id"), (f"{code}\n\n{test}",), (code,), "f", "", test)


# name -> (keys, of which "a|b" is one of two; reader). The first layout whose keys a task has counts.
_LAYOUTS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], Task]]] = {
    "EvalPlus": (("prompt", "entry_point", "canonical_solution", "base_input|plus_input"), _human_eval),
    "EvoEval": (("prompt", "entry_point", "canonical_solution", "inputs"), _human_eval),
    "HumanEval": (("prompt", "entry_point", "canonical_solution"), _human_eval),
    "MBPP": (("text|prompt", "code", "test_list"), _mbpp),
    "LiveCodeBench": (("question_content",), _livecodebench),
    "DS-1000": (("prompt", "reference_code"), _ds1000),
    "ClassEval": (("skeleton", "solution_code"), _classeval),
    "CanItEdit": (("before", "after", "instruction_descriptive"), _canitedit),
    "BigCodeBench": (("complete_prompt|instruct_prompt", "canonical_solution", "test"), _bigcodebench),
    "APPS": (("question", "solutions", "input_output"), _apps),
    "CRUXEval": (("code", "input", "output"), _cruxeval),
    "GSM8K": (("question", "answer"), _gsm8k),
}  # fmt: skip
LAYOUTS = tuple(_LAYOUTS)


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
