"""Benchmark problems: their own solutions pass their tests here and survive falsification, and empty ones do not pass.

problems.jsonl has a few of our own in HumanEval's layout. HumanEval itself is not part of the project:
../shared/data/HumanEval.jsonl.gz beside the checkout, or HUMANEVAL.
"""

from __future__ import annotations

import ast
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox import Limits, Pool
from sandbox.falsification import Claim, run_and_falsify

HERE = Path(__file__).resolve().parent
HUMANEVAL = Path(os.environ.get("HUMANEVAL", HERE.parent.parent.parent / "shared/data/HumanEval.jsonl.gz"))
COUNTS = {HERE / "problems.jsonl": 5, HUMANEVAL: 164}

each_set = pytest.mark.parametrize(
    "place",
    [
        pytest.param(
            place,
            id=place.name,
            marks=pytest.mark.skipif(
                not place.exists(),
                reason=f"{place} is not here: its {count} problems were NOT tried",
            ),
        )
        for place, count in COUNTS.items()
    ],
)


def problems(place: Path) -> list[dict[str, Any]]:
    text = gzip.decompress(place.read_bytes()) if place.suffix == ".gz" else place.read_bytes()
    found = [json.loads(line) for line in text.splitlines()]
    assert len(found) == COUNTS[place]
    return found


def claim(problem: dict[str, Any], *, emptied: bool) -> Claim:
    """A solution with its tests; emptied: the function under test only returns None."""
    solution = problem["prompt"] + problem["canonical_solution"]
    if emptied:
        tree = ast.parse(solution)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == problem["entry_point"]:
                node.body = ast.parse("return None").body
        solution = ast.unparse(tree)
    return Claim(problem["task_id"], solution, f"{problem['test']}\n\ncheck({problem['entry_point']})\n")


def passed(place: Path, *, emptied: bool) -> set[str]:
    claims = [claim(problem, emptied=emptied) for problem in problems(place)]
    with Pool(None, Limits(wall_seconds=30.0, cpu_seconds=20)) as pool:
        return {result.id for result in run_and_falsify(pool, claims) if result.passed}


@each_set
def test_every_solution_passes(place: Path) -> None:
    assert passed(place, emptied=False) == {problem["task_id"] for problem in problems(place)}


@each_set
def test_no_emptied_solution_passes(place: Path) -> None:
    assert passed(place, emptied=True) == set()
