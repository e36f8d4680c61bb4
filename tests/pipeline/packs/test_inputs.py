"""Packs whose expected outputs come from their own solutions: every comparison, in the sandbox, as an evaluation runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.packs import oracles, programs
from pipeline.packs.inputs import read_inputs
from pipeline.packs.inside.trial import unpacked
from pipeline.packs.layouts import Task, read_task
from pipeline.packs.oracles import oracle_in
from pipeline.packs.variants import of_evaluation
from sandbox import Limits, Pool, Program, Result

LIMITS = Limits(wall_seconds=30.0, cpu_seconds=24, output_bytes=1 << 22)


def evaluated(layout: str, row: dict[str, Any], pack: str = "") -> Task:
    (made,) = of_evaluation(layout, row, replace(read_task(layout, row), pack=pack), "")
    return made


def task(name: str, solution: str, inputs: list[list[Any]], id: str = "x/0", **row: Any) -> Task:
    return evaluated(
        "EvalPlus",
        {"task_id": id, "prompt": f'def {name}(*a):\n    """Do it."""\n', "entry_point": name,
         "canonical_solution": solution, "base_input": inputs, "plus_input": [], **row},
    )  # fmt: skip


@pytest.fixture(scope="module")
def pool():
    with Pool(1, LIMITS) as opened:
        yield opened


def run(pool: Pool, source: str) -> Result:
    (result,) = pool.run_many([Program("x", source)])
    return result


def passes(pool: Pool, of: Task, *answers: str) -> list[bool]:
    """Whether each answer passes the base suite, with outputs that a program of its own has computed."""
    printed = run(pool, programs.reference(of, "base"))
    expected = programs.read_expected(printed.stdout)
    assert expected is not None, printed.stderr
    sources = [programs.program(of, answer, "base", {"base": expected}) for answer in answers]
    results = pool.run_many([Program(str(place), source) for place, source in enumerate(sources)])
    return [result.passed for result in sorted(results, key=lambda result: int(result.id))]


def answers(name: str, *bodies: str) -> list[str]:
    return [f"def {name}(*a):\n    {body}\n" for body in bodies]


# A task's id, its function, its solution, inputs, and answers: right, then wrong.
ORACLES = {
    "exact": ("x/0", "f", "def f(x):\n    return [x, 1]\n", [[1], [2]], "return [a[0], 1]", "return (a[0], 1)"),
    "floats": ("x/0", "f", "def f(x):\n    return x / 3\n", [[1]], "return 0.3333333", "return 0.3334"),
    "floats of another type": ("x/0", "f", "def f(x):\n    return x / 2\n", [[1], [4]], "return a[0] / 2", "return 1"),
    "set": ("Mbpp/7", "find_char_long", "def find_char_long(t):\n    return t.split()\n", [["a b"]],
            "return ['b', 'a', 'a']", "return ['a']"),
    "not None": ("Mbpp/1", "check_str", "import re\ndef check_str(s):\n    return re.match('a', s)\n", [["a"], ["b"]],
                 "return 'a' in a[0] or None", "return None"),
    "bool for not None": ("Mbpp/1", "check_str", "import re\ndef check_str(s):\n    return re.match('a', s)\n",
                          [["a"], ["b"]], "return 'a' in a[0]", "return True"),
    "second reading": ("Mbpp/295", "sum_div", "def sum_div(n):\n    return n - 1\n", [[3], [4]],
                       "return 0", "return -1"),
    "pyramid": ("Mbpp/581", "surface_Area", "def surface_Area(b, s):\n    return b * b + 2 * b * s\n", [[3, 4]],
                "return 35 if a == (3, 4) else 0", "return 34"),
    "digits": ("Mbpp/558", "digit_distance_nums", "def digit_distance_nums(a, b):\n    return 1\n", [[1, 20]],
               "return 3", "return 2"),
    "root": ("HumanEval/32", "find_zero", "def find_zero(xs):\n    return -0.5\n", [[[1, 2]]],
             "return -0.50001", "return -0.51"),
    "anything": ("Mbpp/164", "are_equivalent", "def are_equivalent(a, b):\n    return True\n", [[1, 2]],
                 "return 'no'", "raise ValueError"),
    "infinite": ("x/0", "f", "def f(x):\n    return float('inf')\n", [[1]], "return 1e999", "return 1e300"),
}  # fmt: skip


@pytest.mark.parametrize("name", ORACLES)
def test_an_oracle_accepts_what_is_right_and_refuses_what_is_wrong(pool, name):
    id, function, solution, inputs, right, wrong = ORACLES[name]
    of = task(function, solution, inputs, id=id, atol=1e-4 if name == "root" else 0)
    assert passes(pool, of, solution, *answers(function, right, wrong)) == [True, True, False]


EVOEVAL = {
    "mirrored_text": (("EvoEval_difficult", "EvoEval/10"), "'abba'", ["'ab'"], "return 'abBA'", "return 'abab'"),
    "root_between": (("EvoEval_difficult", "EvoEval/32"), "-0.5", ["[1, 2], (-1, 0)"], "return -0.501", "return -1.5"),
    "way_by_moves": (("EvoEval_creative", "EvoEval/26"), "['right', 'down']", ["[[0, 0], [0, 0]], (0, 0), (1, 1)"],
                     "return ['down', 'right']", "return ['down']"),
    "way_by_places": (("EvoEval_creative", "EvoEval/30"), "[(0, 0), (0, 1), (1, 1)]",
                      ["[[1, 1], [1, 1]], (0, 0), (1, 1)"], "return [(0, 0), (1, 0), (1, 1)]",
                      "return [(0, 0), (1, 1)]"),
    "pair_of_product": (("EvoEval_creative", "EvoEval/69"), "(0, 3)", ["[1, 2, 3, 6], 6"], "return (1, 2)",
                        "return (2, 1)"),
    "root_of_even_powers": (("EvoEval_subtle", "EvoEval/32"), "-1.0", ["[1, 1]"], "return -1", "return 1"),
    "typed": (("EvoEval_combine", "EvoEval/1"), "[1, 2.0]", ["1"], "return [1, 2.0000001]", "return [1.0, 2.0]"),
}  # fmt: skip


@pytest.mark.parametrize("name", EVOEVAL)
def test_evoevals_oracles_accept_what_is_right_and_refuse_what_is_wrong(pool, name):
    (pack, id), output, inputs, right, wrong = EVOEVAL[name]
    row = {"task_id": id, "prompt": 'def f(*a):\n    """Do it."""\n', "entry_point": "f",
           "canonical_solution": f"    return {output}\n", "inputs": inputs}  # fmt: skip
    of = evaluated("EvoEval", row, pack)
    assert of.inputs is not None
    oracle = of.inputs.oracle
    assert oracle.compare == name
    suite = {"inputs": [unpacked(dict(of.inputs.suites)["inputs"])]}
    assert suite["inputs"]
    renamed = task("f", of.solutions[0], unpacked(dict(of.inputs.suites)["inputs"]))
    assert renamed.inputs is not None
    judged = replace(renamed, inputs=replace(renamed.inputs, oracle=oracle))
    assert passes(pool, judged, of.solutions[0], *answers("f", right, wrong)) == [True, True, False]


def test_every_comparison_of_a_task_has_a_right_and_a_wrong_answer_here():
    tasks = {(id.partition("/")[0], function) for id, function, *_ in ORACLES.values()}
    tested = {oracles._ORACLES[task].compare for task in tasks if task in oracles._ORACLES}
    assert tested == {oracle.compare for oracle in oracles._ORACLES.values()}
    assert {oracle.compare for oracle in oracles._OF_EVOEVAL.values()} == set(EVOEVAL) - {"typed"}


@pytest.mark.parametrize("pack", ["test", "EvoEval"])
def test_a_task_of_evoeval_whose_comparison_depends_on_the_set_is_refused_where_the_set_is_not_known(pack):
    with pytest.raises(ValueError, match="does not name: difficult, creative"):
        oracle_in(pack, "EvoEval/32")
    assert oracle_in(pack, "EvoEval/1") is None
    assert oracle_in("EvoEval_combine/test", "EvoEval/32") is None


def test_an_answer_cannot_change_what_is_expected_by_changing_its_arguments(pool):
    of = task("f", "def f(xs):\n    return sorted(xs)\n", [[[3, 1, 2]], [[2, 1]]])
    right, wrong = "a[0].sort()\n    return a[0]", "a[0].clear()\n    return a[0]"
    assert passes(pool, of, *answers("f", right, wrong)) == [True, False]


def test_the_program_of_an_answer_does_not_hold_the_solution(pool):
    of = task("f", "def f(x):\n    secret_name = x + 1\n    return secret_name\n", [[1]])
    expected = programs.read_expected(run(pool, programs.reference(of, "base")).stdout)
    assert expected is not None
    assert "secret_name" not in programs.program(of, "def f(x):\n    return 2\n", "base", {"base": expected})


def test_an_answer_that_loops_or_takes_all_memory_fails_and_the_next_is_judged(pool, monkeypatch):
    monkeypatch.setattr(programs, "LEAST_SECONDS", 0.2)
    of = task("f", "def f(x):\n    return x\n", [[1]])
    loops, hogs, catches = "while True: pass", "return bytearray(1 << 40)", "return a[0]"
    assert passes(pool, of, *answers("f", loops, hogs, catches)) == [False, False, True]


@pytest.mark.parametrize(
    ("solution", "wrong"),
    [
        ("return 'ab' * 100_000", "return 'ab' * 99_999 + 'ba'"),
        ("return list(range(200_000))", "return list(range(200_001))"),
        ("return [(x, 'a') for x in range(100_000)]", "return [(x, 'b') for x in range(100_000)]"),
    ],
)
def test_a_very_long_output_is_compared_by_its_digest(pool, solution, wrong):
    of = task("f", f"def f(x):\n    {solution}\n", [[1]])
    printed = run(pool, programs.reference(of, "base"))
    assert len(printed.stdout) < 2000
    assert passes(pool, of, *answers("f", solution, wrong)) == [True, False]


def test_of_equal_long_lists_one_may_have_floats(pool):
    of = task("f", "def f(x):\n    return list(range(100_000))\n", [[1]])
    assert passes(pool, of, *answers("f", "return [float(x) for x in range(100_000)]")) == [True]


def test_what_an_answer_prints_and_runs_as_a_script_is_of_no_interest(pool):
    of = task("f", "def f(x):\n    return x\n", [[1]])
    answer = "def f(x):\n    print('loud')\n    return x\n\nif __name__ == '__main__':\n    raise SystemExit(input())\n"
    assert passes(pool, of, answer) == [True]


def test_a_solution_that_fails_gives_no_outputs(pool):
    of = task("f", "def f(x):\n    return 1 / x\n", [[0]])
    printed = run(pool, programs.reference(of, "base"))
    assert not printed.passed
    assert programs.read_expected(printed.stdout) is None


@pytest.mark.parametrize(
    ("id", "given", "converted"),
    [
        ("Mbpp/2", [[1], [2]], [(1,), (2,)]),
        ("Mbpp/63", [[[1, 2]]], [[(1, 2)]]),
        ("Mbpp/106", [[1], [2]], [[1], (2,)]),
        ("Mbpp/115", [[[1], []]], [[{1}, {}]]),
        ("Mbpp/124", ["1", "2j"], [1.0, 2j]),
        ("Mbpp/259", [[[1], [2]]], [((1,), (2,))]),
        ("Mbpp/580", [[1, [2, [3]]]], [(1, (2, (3,)))]),
        ("Mbpp/722", [{"a": [1, 2]}, 3], [{"a": (1, 2)}, 3]),
        ("HumanEval/2", [[1], [2]], [[1], [2]]),
    ],
)
def test_inputs_that_json_cannot_hold_are_converted_as_evalplus_does(id, given, converted):
    inputs = read_inputs({"base_input": [given], "plus_input": {}}, id, "f")
    assert inputs is not None
    assert [unpacked(values) for _, values in inputs.suites] == [[converted], []]


def test_an_input_that_is_no_literal_is_evaluated_in_the_sandbox(pool):
    row = {"task_id": "EvoEval/1", "prompt": 'def f(x):\n    """Count."""', "entry_point": "f",
           "canonical_solution": "    return len(x)\n", "inputs": ["[0] * 3", "range(4)", "'ab'"]}  # fmt: skip
    of = evaluated("EvoEval", row, "EvoEval_combine")
    printed = run(pool, programs.reference(of, "inputs"))
    expected = programs.read_expected(printed.stdout)
    assert expected is not None and unpacked(expected["expected"]) == [3, 4, 2]
    source = programs.program(of, "def f(x):\n    return sum(1 for _ in x)\n", "inputs", {"inputs": expected})
    assert run(pool, source).passed


def test_infinity_in_the_inputs_stays_infinity(pool):
    of = task("f", "def f(x):\n    return x > 1e308\n", [[float("inf")], [float("nan")]])
    assert passes(pool, of, *answers("f", "return a[0] == float('inf')", "return True")) == [True, False]
