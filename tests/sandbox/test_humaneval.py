"""HumanEval's own solutions pass its tests here, and empty ones do not.

The data is not part of the project: ../shared/data/HumanEval.jsonl.gz beside the checkout, or HUMANEVAL.
"""

from __future__ import annotations

import ast
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Limits, Pool, Program

PLACE = Path(__file__).resolve().parent.parent.parent.parent / "shared/data/HumanEval.jsonl.gz"
DATA = Path(os.environ.get("HUMANEVAL", PLACE))

needs_data = pytest.mark.skipif(
    not DATA.exists(), reason=f"HumanEval is not here ({DATA}): its 164 problems were NOT tried"
)


def problems() -> Iterator[dict[str, Any]]:
    with gzip.open(DATA, "rt") as file:
        for line in file:
            yield json.loads(line)


def program(problem: dict[str, Any], *, emptied: bool) -> Program:
    """A solution with its tests; emptied: the function under test only returns None."""
    solution = problem["prompt"] + problem["canonical_solution"]
    if emptied:
        tree = ast.parse(solution)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == problem["entry_point"]:
                node.body = ast.parse("return None").body
        solution = ast.unparse(tree)
    source = f"{solution}\n\n{problem['test']}\n\ncheck({problem['entry_point']})\n"
    return Program(problem["task_id"], source)


def passed(emptied: bool) -> set[str]:
    with Pool(None, Limits(wall_seconds=30.0, cpu_seconds=20)) as pool:
        results = list(pool.run_many(program(problem, emptied=emptied) for problem in problems()))
    assert len(results) == 164
    return {result.id for result in results if result.passed}


@needs_data
def test_all_164_solutions_pass() -> None:
    assert {problem["task_id"] for problem in problems()} - passed(emptied=False) == set()


@needs_data
def test_no_emptied_solution_passes() -> None:
    assert passed(emptied=True) == set()
