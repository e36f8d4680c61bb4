"""Tasks of benchmarks as instructions and as judging programs."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.demo.pack import PACK
from pipeline.errors import ConfigError
from pipeline.packs import problems, programs
from pipeline.packs.layouts import Task, read_task
from pipeline.packs.pack import Pack, load_pack
from pipeline.packs.scorable import require_scorable
from sandbox import Limits, Pool, Program

PLACE = Path(__file__).resolve().parents[4] / "shared/data/HumanEval.jsonl.gz"
DATA = Path(os.environ.get("HUMANEVAL", PLACE))
needs_data = pytest.mark.skipif(
    not DATA.exists(), reason=f"HumanEval is not here ({DATA}): its 164 problems were NOT tried"
)
MBPP = {"task_id": 7, "code": "", "test_list": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]}
HUMAN_EVAL = {
    "task_id": "x/0",
    "prompt": 'def helper(x):\n    return x\n\n\ndef f(x):\n    """Give x."""\n',
    "entry_point": "f",
    "canonical_solution": "    return helper(x)\n",
    "test": "def check(candidate):\n    assert candidate(2) == 2\n",
}


def judge(tasks: list[Task], codes: list[str]) -> list[bool]:
    sources = (
        Program(str(number), programs.program(task, programs.complete(task, code)))
        for number, (task, code) in enumerate(zip(tasks, codes, strict=True))
    )
    with Pool(None, Limits(wall_seconds=30.0, cpu_seconds=20)) as pool:
        passed = {int(result.id): result.passed for result in pool.run_many(sources)}
    return [passed[number] for number in range(len(tasks))]


def rewrite(source: str, name: str, change: Callable[[ast.AST], None]) -> str:
    """The source with every node of the function `name` given to `change`."""
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name == name:
            for node in ast.walk(function):
                change(node)
    return ast.unparse(tree)


def wrap_results(node: ast.AST) -> None:
    if isinstance(node, ast.Return) and node.value is not None:
        node.value = ast.Tuple([node.value, ast.Constant(1)], ast.Load())


def turn_comparisons(node: ast.AST) -> None:
    opposite = {
        ast.Lt: ast.GtE,
        ast.Gt: ast.LtE,
        ast.Eq: ast.NotEq,
        ast.LtE: ast.Gt,
        ast.GtE: ast.Lt,
    }
    if isinstance(node, ast.Compare) and type(node.ops[0]) in opposite:
        node.ops[0] = opposite[type(node.ops[0])]()


@needs_data
@pytest.mark.slow
def test_all_164_solutions_of_humaneval_pass_and_their_mutants_do_not() -> None:
    tasks = list(load_pack(DATA).tasks)
    solutions = [task.solutions[0] for task in tasks]
    assert judge(tasks, solutions).count(True) == len(tasks) == 164
    wrapped = [rewrite(task.solutions[0], task.entry_point, wrap_results) for task in tasks]
    assert judge(tasks, wrapped).count(True) == 0
    turned = [
        (task, code)
        for task in tasks
        if (code := rewrite(task.solutions[0], task.entry_point, turn_comparisons))
        != ast.unparse(ast.parse(task.solutions[0]))
    ]
    survivors = judge([task for task, _ in turned], [code for _, code in turned])
    assert len(turned) > 80
    assert survivors.count(True) <= 0.02 * len(turned)


@pytest.mark.slow
def test_the_demo_packs_solutions_pass_and_empty_answers_do_not() -> None:
    tasks = list(load_pack(PACK).tasks[:40])
    assert all(judge(tasks, [task.solutions[0] for task in tasks]))
    assert not any(judge(tasks, ["pass"] * len(tasks)))


def test_a_stub_is_shown_and_its_helpers_stay() -> None:
    task = read_task("HumanEval", HUMAN_EVAL)
    assert HUMAN_EVAL["prompt"].strip() in problems.instruction(task)
    assert judge([task, task], ["def f(x):\n    return helper(x)", "def f(x):\n    return 0"]) == [
        True,
        False,
    ]


@pytest.mark.parametrize(("text", "shows_a_test"), [("Write `add(a, b)`.", False), ("Write a sum function.", True)])
def test_the_functions_name_is_always_told(text: str, shows_a_test: bool) -> None:
    asked = problems.instruction(read_task("MBPP", {**MBPP, "text": text}))
    assert asked.startswith(text)
    assert ("assert add(1, 2) == 3" in asked) is shows_a_test
    assert "assert add(0, 0) == 0" not in asked


def test_a_pack_that_cannot_be_judged_is_refused() -> None:
    task = Task("p", "1", ("question", "answer"), ())
    with pytest.raises(ConfigError, match="GSM8K"):
        require_scorable(Pack("p", "GSM8K", "p.jsonl", "0" * 64, (task,)), [])
    with pytest.raises(ConfigError, match="task 1 has no tests"):
        require_scorable(Pack("p", "MBPP", "p.jsonl", "0" * 64, (task,)), [])


def test_a_pack_whose_tests_need_a_library_names_it_before_anything_runs() -> None:
    task = read_task("MBPP", {**MBPP, "text": "t", "test_imports": ["import numpy as np"]})
    pack = Pack("p", "MBPP", "p.jsonl", "0" * 64, (task,))
    with pytest.raises(ConfigError, match="import numpy"):
        require_scorable(pack, [])
    require_scorable(pack, ["numpy"])
