"""Where a pass is decided: right answers keep it, and what passes whatever is computed loses it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.loop.scoring import Scored, score
from pipeline.packs import programs
from pipeline.packs.layouts import Task, read_task
from pipeline.packs.variants import of_evaluation
from sandbox import Limits, Pool, Program
from tests.pipeline.packs.test_variants import PACKS

ROW = {"task_id": "x/0", "prompt": 'def f(x):\n    """Add 1."""\n', "entry_point": "f",
       "canonical_solution": "    return x + 1\n", "base_input": [[1], [2]], "plus_input": [], "atol": 0}  # fmt: skip


@pytest.fixture(scope="module")
def pool():
    with Pool(1, Limits(wall_seconds=30.0, cpu_seconds=24, output_bytes=1 << 20)) as opened:
        yield opened


@pytest.fixture(scope="module")
def task(pool: Pool) -> tuple[Task, dict[str, Any]]:
    (made,) = of_evaluation("EvalPlus", ROW, read_task("EvalPlus", ROW), "")
    (printed,) = pool.run_many([Program("x", programs.reference(made, "base"))])
    expected = programs.read_expected(printed.stdout)
    assert expected is not None
    return made, {"base": expected}


ANSWERS = {
    "right": ("def f(x):\n    return x + 1\n", "passed"),
    "wrong": ("def f(x):\n    return x\n", "failed"),
    "equals everything": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\ndef f(x):\n    return Any()\n",
        "failed",
    ),
    "replaces the comparison": (
        "import sys\n\nspace = sys.modules['__main__'].__dict__\n"
        "space['check'].__globals__['exact_or_close'].__code__ = (lambda a, b, c, d, e: True).__code__\n\n\n"
        "def f(x):\n    return 0\n",
        "tampered",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_judged_by_its_results_alone(pool: Pool, task: tuple[Task, dict[str, Any]], name: str) -> None:
    source, status = ANSWERS[name]
    (result,) = score(pool, [Scored("a", task[0], source, "base", task[1])])
    assert result.id == "a"
    assert result.status == status, (result.detail, result.stderr)


# A task's id, its function, a right answer to it, and its inputs: outputs in which a wrong result is hard to notice.
HONEST = {
    "nothing is found": ("Mbpp/787", "text_match_three", "import re\n\n\ndef text_match_three(s):\n    return re.search('ab{3}', s)\n", [["a"], ["b"]]),
    "something is found": ("Mbpp/787", "text_match_three", "def text_match_three(s):\n    return 'a' in s\n", [["a"]]),
    "empty dicts in lists": ("x/0", "f", "def f(n):\n    return [{} for _ in range(n)]\n", [[0], [1], [5]]),
    "an empty dict": ("x/0", "f", "def f(n):\n    return {}\n", [[0]]),
    "no input": ("Mbpp/793", "f", "def f(n):\n    return n\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_answer_keeps_its_pass_whatever_its_outputs_are(pool: Pool, name: str) -> None:
    id, function, solution, inputs = HONEST[name]
    row = {**ROW, "task_id": id, "entry_point": function, "canonical_solution": solution, "base_input": inputs}
    (made,) = of_evaluation("EvalPlus", row, read_task("EvalPlus", row), "")
    (printed,) = pool.run_many([Program("x", programs.reference(made, "base"))])
    expected = programs.read_expected(printed.stdout)
    assert expected is not None
    (result,) = score(pool, [Scored("a", made, solution, "base", {"base": expected})])
    assert result.status == "passed", (result.detail, result.stderr)


def test_an_answer_that_replaces_the_comparison_of_what_is_found_or_not_loses_its_pass(pool: Pool) -> None:
    row = {
        **ROW,
        "task_id": "Mbpp/787",
        "entry_point": "check_str",
        "canonical_solution": "def check_str(s):\n    return s\n",
    }
    (made,) = of_evaluation("EvalPlus", row, read_task("EvalPlus", row), "")
    (printed,) = pool.run_many([Program("x", programs.reference(made, "base"))])
    expected = programs.read_expected(printed.stdout)
    assert expected is not None
    source = ANSWERS["replaces the comparison"][0].replace("exact_or_close", "not_none").replace("f(x)", "check_str(s)")
    (result,) = score(pool, [Scored("a", made, source, "base", {"base": expected})])
    assert result.status == "tampered"


@pytest.mark.parametrize("name", PACKS)
def test_the_right_answer_to_a_pack_keeps_its_pass(pool: Pool, name: str) -> None:
    of, right, wrong = PACKS[name]
    from pipeline.packs.values import answer_of

    form = of.asked.form if of.asked else "code"
    answers = [f"answer = {answer_of(form, text)}\n" if form != "code" else text for text in (right, wrong[0])]
    scored = [Scored(str(place), of, programs.complete(of, text)) for place, text in enumerate(answers)]
    results = {result.id: result for result in score(pool, scored)}
    assert (results["0"].passed, results["1"].passed) == (True, False), results["0"].detail


def test_nothing_to_score_gives_nothing(pool: Pool) -> None:
    assert list(score(pool, [])) == []
