"""Benchmark packs: a folder of benchmark files, each read into tasks that decontamination can compare.

A pack is one `.jsonl` file (one task a line), or a `.json` file (a list of tasks), plain or gzipped, as its
authors publish it. Its layout is told by the keys of its first task: HumanEval, EvoEval, EvalPlus, MBPP,
LiveCodeBench, DS-1000, GSM8K, ClassEval and CanItEdit are known. A pack's revision is the sha256 of its
file, so that a report can say against what exactly the data was compared.

In: files. Out: `Pack`s of `Task`s. Nothing of a pack is ever executed or unpickled here.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import inspect
import json
import textwrap
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, MissingDataError
from pipeline.text.normalise import parse

SUFFIXES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")


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


@dataclass(frozen=True, slots=True)
class Pack:
    """A benchmark file: `revision` is its sha256."""

    name: str
    layout: str
    path: str
    revision: str
    tasks: tuple[Task, ...]


def load_packs(folder: Path | str) -> tuple[Pack, ...]:
    """All packs of a folder, sorted by file name; MissingDataError or ConfigError says what is wrong."""
    folder = Path(folder)
    if not folder.is_dir():
        raise MissingDataError(
            f"{folder} is no folder of benchmark packs",
            "put the benchmarks' JSONL files there, or switch decontamination off",
        )
    files = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES))
    if not files:
        raise MissingDataError(
            f"{folder} holds no benchmark pack", f"a pack's name ends with {', '.join(SUFFIXES)}"
        )
    packs = tuple(load_pack(path) for path in files)
    names: dict[str, str] = {}
    for pack in packs:
        if pack.name in names:
            raise ConfigError(
                f"{names[pack.name]} and {pack.path} are both the pack {pack.name}", "rename one"
            )
        names[pack.name] = pack.path
    return packs


def load_pack(path: Path | str) -> Pack:
    """One pack; its name is the file's without suffixes."""
    path = Path(path)
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.name.endswith(".gz") else content).decode()
    except OSError as error:
        raise MissingDataError(f"{path} cannot be read: {error}") from error
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is damaged: {error}", "fetch it again") from error
    name = path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
    rows = _rows(path, text)
    if not rows:
        raise ConfigError(f"{path} holds no task", "fetch it again")
    layout = layout_of(rows[0])
    if layout is None:
        raise ConfigError(
            f"{path}: no known benchmark has tasks with the keys {', '.join(sorted(rows[0]))}",
            f"known layouts: {', '.join(_LAYOUTS)}",
        )
    read = _LAYOUTS[layout][1]
    tasks = []
    for number, row in enumerate(rows):
        try:
            task = read(row)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ConfigError(
                f"{path}, task {number + 1}: not a task of the layout {layout}: {error!r}",
                "fetch it again",
            ) from error
        tasks.append(replace(task, pack=name, id=task.id or str(number)))
    return Pack(name, layout, str(path), hashlib.sha256(content).hexdigest(), tuple(tasks))


def layout_of(row: dict[str, Any]) -> str | None:
    """The layout whose keys a task has; the first that fits."""
    for layout, (keys, _) in _LAYOUTS.items():
        if all(any(key in row for key in key_or_other.split("|")) for key_or_other in keys):
            return layout
    return None


def _rows(path: Path, text: str) -> list[dict[str, Any]]:
    rows: list[Any]
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON Lines: {error}", "fetch it again") from error
    if not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path} does not hold JSON objects", "one task a line")
    return rows


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
    """Tests of a pack that has inputs but no outputs: the reference solution says what is right."""
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


# name -> (keys, of which "a|b" is one of two; reader). The first layout whose keys a task has is taken.
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
LAYOUTS = (*_LAYOUTS, "EvoEval")  # EvoEval's tasks are HumanEval's in form


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
    return "\n".join(
        line for line in source.split("\n") if line.startswith(("import ", "from "))
    )


def _called_by(tests: Iterable[str]) -> str:
    """The function that most asserts call: what they test."""
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
