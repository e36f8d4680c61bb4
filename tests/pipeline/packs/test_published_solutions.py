"""A sample of the tasks that EvalPlus publishes: their solutions pass all inputs, emptied ones none.

benchmarks/solutions.py does the same for whole packs. Skipped where the packs are not beside the checkout.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.solutions import EMPTIED, SOLUTION, chosen, forms
from pipeline.loop.scoring import Scored, score
from pipeline.packs import programs
from pipeline.packs.pack import load_evaluated
from sandbox import Limits, Pool, Program

FOLDER = Path(__file__).resolve().parents[4] / "shared/data/evalplus"
SHARES = {"HumanEvalPlus.jsonl.gz": 60, "MbppPlus.jsonl.gz": 130}  # one task in so many


@pytest.mark.parametrize("name", SHARES)
def test_solutions_pass_and_emptied_ones_do_not(name: str) -> None:
    if not (FOLDER / name).exists():
        pytest.skip(f"{FOLDER / name} is not there")
    pack = load_evaluated(FOLDER / name)
    tasks = [pack.tasks[number] for number in chosen(pack, SHARES[name])]
    assert len(tasks) > 1
    with Pool(1, Limits(wall_seconds=120.0, cpu_seconds=90, output_bytes=1 << 24, memory_bytes=2 << 30)) as pool:
        asked = {f"{task.id} {suite}": (task, suite) for task in tasks for suite in programs.suites(task)}
        sources = (Program(id, programs.reference(task, suite)) for id, (task, suite) in asked.items())
        printed = {result.id: programs.read_expected(result.stdout) for result in pool.run_many(sources)}
        answers = [
            Scored(f"{id} {form.kind}", task, form.code, suite, {suite: printed[id]})
            for id, (task, suite) in asked.items()
            for form in forms(task, 0)
        ]
        passed = {result.id: result.passed for result in score(pool, answers)}
    assert passed == {f"{id} {kind}": kind == SOLUTION for id in asked for kind in (SOLUTION, EMPTIED)}
