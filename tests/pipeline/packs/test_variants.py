"""Packs with a question of their own: what is asked, what is run, and that the right answer alone passes."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.loop.asking import Way
from pipeline.packs import problems, programs
from pipeline.packs.layouts import Task, read_task
from pipeline.packs.pack import in_window, load_evaluated
from pipeline.packs.problems import WORDINGS
from pipeline.packs.values import answer_of
from pipeline.packs.variants import of_evaluation
from sandbox import Limits, Pool, Program
from tests.pipeline.packs.test_pack import ROWS

CRUX = {"id": "sample_0", "code": "def f(xs):\n    return [x + 1 for x in xs]", "input": "[1, 2]", "output": "[2, 3]"}
CASES = [{"input": "3\n1 2 3\n", "output": "6\n"}, {"input": "1\n0.5\n", "output": "0.50\n"}]
STDIN = {**ROWS["LiveCodeBench"], "metadata": "{}", "starter_code": "", "contest_date": "2024-08-10T00:00:00",
         "public_test_cases": json.dumps(CASES[:1]),
         "private_test_cases": base64.b64encode(zlib.compress(pickle.dumps(json.dumps(CASES[1:])))).decode()}  # fmt: skip
FUNCTIONAL = {**STDIN, "starter_code": "class Solution:\n    def double(self, xs: List[int], x: int) -> List[int]:", "metadata": json.dumps({"func_name": "double"}), "private_test_cases": "",
              "public_test_cases": json.dumps([{"input": "[1, 2]\n3", "output": "[1, 2, 3]"}])}  # fmt: skip
DS1000 = {**ROWS["DS-1000"], "code_context": "def test_execution(code):\n    space = {}\n    exec('x = 3\\n' + code, space)\n"
          "    assert space['result'] == 6\n\ndef test_string(code):\n    assert 'for' not in code\n"}  # fmt: skip
BIGCODEBENCH = {"task_id": "BigCodeBench/0", "complete_prompt": "import math\ndef task_func(x):\n    'Double x.'\n",
                "instruct_prompt": "Double x.", "code_prompt": "import math\ndef task_func(x):\n",
                "canonical_solution": "    return 2 * x\n", "entry_point": "task_func",
                "test": "import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n"
                        "        self.assertEqual(task_func(2), 4)\n"}  # fmt: skip


def made(layout: str, row: dict[str, Any], variant: str = "", task: Task | None = None) -> Task:
    (of,) = of_evaluation(layout, row, task or read_task(layout, row), variant)
    return of


def crux(variant: str) -> Task:
    return made("CRUXEval", CRUX, variant, Task("p", "0", ("",), (CRUX["code"],), "f"))


def bigcodebench() -> Task:
    return made("BigCodeBench", BIGCODEBENCH, "instruct", Task("p", "0", ("Double x.",), (), "task_func"))


TRIPLER = {
    "task_id": "ClassEval_1", "class_name": "Tripler", "import_statement": ["import json", "import re"],
    "skeleton": "import re\n\nclass Tripler:\n    def __init__(self):\n        self.calls = 0\n\n    def double(self, x):\n"
                "        ...\n\n    def tripled(self, x):\n        'Three times x.'\n\n    @staticmethod\n    def one(x):\n        'x.'\n",
    "class_constructor": "class Tripler:\n    def __init__(self):\n        self.calls = 0\n\n",
    "solution_code": "import json\nimport re\n\nclass Tripler:\n    def __init__(self):\n        self.calls = 0\n\n"
                     "    def double(self, x):\n        self.calls += 1\n        return 2 * x\n\n"
                     "    def tripled(self, x):\n        return self.double(x) + x\n\n    @staticmethod\n    def one(x):\n        return x\n",
    "test": "import unittest\n\nclass TestTripled(unittest.TestCase):\n    def test_it(self):\n        tripler = Tripler()\n"
            "        self.assertEqual(tripler.tripled(2), 6)\n        self.assertEqual(tripler.calls, 1)\n\n"
            "class TestOne(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(Tripler.one(2), 2)\n\n"
            "if __name__ == '__main__':\n    unittest.main()\n",
    "test_classes": ["TestTripled", "TestOne"],
    "methods_info": [
        {"method_name": "tripled", "test_class": "TestTripled",
         "method_description": 'def tripled(self, x):\n        """\n        Three times x.\n        >>> Tripler().tripled(1)\n        3\n        """'},
        {"method_name": "one", "test_class": "TestOne", "method_description": '@staticmethod\n    def one(x):\n    """\n    x.\n    """'},
    ],
}  # fmt: skip
METHODS = of_evaluation("ClassEval", TRIPLER, read_task("ClassEval", TRIPLER), "method")


READS = "n = int(input())\nnumbers = list(map(float, input().split()))\n"
# By name: the task, a right answer, wrong ones. An answer is the text of a response.
PACKS: dict[str, tuple[Task, str, tuple[str, ...]]] = {
    "CRUXEval, output": (crux("output"), "assert f([1, 2]) == [2, 3]", ("[2, 4]",)),
    "CRUXEval, input": (crux("input"), "assert f([1] + [2]) == [2, 3]", ("f([1])", "assert f([2]) == [3]")),
    "CanItEdit": (made("CanItEdit", ROWS["CanItEdit"], "lazy"), "def double(x): return 2 * x", ("def double(x): return x",)),
    "ClassEval": (made("ClassEval", ROWS["ClassEval"]), "class Doubler:\n    def double(self, x):\n        return x * 2\n",
                  ("class Doubler:\n    def double(self, x):\n        return x\n",)),
    "LiveCodeBench, stdin": (made("LiveCodeBench", STDIN), READS + "print(sum(numbers))",
                             (READS + "print(6)", "print(open('/etc/none').read())")),
    "LiveCodeBench, buffers": (made("LiveCodeBench", STDIN),
                               "import sys\ndata = sys.stdin.buffer.read().split()\n"
                               "if __name__ == '__main__':\n    total = sum(map(float, data[1:]))\n"
                               "    sys.stdout.write(f'{total:g}')\n    sys.exit(0)", ("import sys\nsys.exit(1)",)),
    "LiveCodeBench, functional": (made("LiveCodeBench", FUNCTIONAL),
                                  "class Solution:\n    def double(self, xs: List[int], x: int) -> List[int]:\n"
                                  "        return (*accumulate(repeat(1, len(xs))), x)\n",
                                  ("class Solution:\n    def double(self, xs, x):\n        return xs\n",)),
    "ClassEval, method": (METHODS[0], "def tripled(self, x):\n    return self.double(x) + self.one(x)",
                          ("def tripled(self, x):\n    return x", "class Tripler:\n    def tripled(self, x): return 3",
                           "Tripler.tripled = 3", "def tripled(:")),
    "ClassEval, static method": (METHODS[1], "import math\n\nclass Tripler:\n    def one(x):\n        return math.floor(x)\n",
                                 ("class Tripler:\n    def one(self, x):\n        return x\n",)),
    "DS-1000": (made("DS-1000", DS1000), "result = x * 2", ("result = x", "for _ in '1': result = x * 2")),
    "BigCodeBench": (bigcodebench(), "def task_func(x):\n    return 2 * x\n", ("def task_func(x):\n    return x\n",)),
}  # fmt: skip


@pytest.fixture(scope="module")
def pool():
    with Pool(1, Limits(wall_seconds=30.0, cpu_seconds=24)) as opened:
        yield opened


def program(task: Task, answer: str) -> str:
    form = task.asked.form if task.asked else "code"
    if form != "code":
        answer = f"answer = {answer_of(form, answer)}\n"
    return programs.program(task, programs.complete(task, answer))


@pytest.mark.parametrize("name", PACKS)
def test_the_right_answer_passes_and_a_wrong_one_fails(pool, name):
    task, right, wrong = PACKS[name]
    sources = [program(task, answer) for answer in (right, *wrong)]
    results = {result.id: result for result in pool.run_many(Program(str(n), s) for n, s in enumerate(sources))}
    assert [results[str(n)].passed for n in range(len(sources))] == [True, *(False for _ in wrong)], [
        result.stderr for result in results.values()
    ]


@pytest.mark.parametrize(
    ("form", "code", "answer"),
    [
        ("value", "assert f(1) == {1, 2}", "{1, 2}"),
        ("value", "'a' + 'b'", "'a' + 'b'"),
        ("value", "set()", "set()"),
        ("value", "f([1, 2])", None),
        ("value", "assert f(1) == f(1)", None),
        ("value", "[].append.__self__", None),
        ("value", "not python", None),
        ("value", "", None),
        ("call", "assert f(x=[1]) == 3", "f(x=[1])"),
        ("call", "f(g(1))", None),
        ("call", "assert 3 == f(1)", None),
    ],
)
def test_an_answer_is_a_value_and_never_the_function_that_computes_it(form, code, answer):
    assert answer_of(form, code) == answer


def test_each_pack_is_asked_with_what_the_model_has_to_know():
    shown = {name: problems.instruction(task) for name, (task, _, _) in PACKS.items()}
    assert "assert f([1, 2]) == ..." in shown["CRUXEval, output"]
    assert "assert f(...) == [2, 3]" in shown["CRUXEval, input"] and "[1, 2]" not in shown["CRUXEval, input"]
    assert "double it" in shown["CanItEdit"] and "return x" in shown["CanItEdit"]
    assert "class Doubler" in shown["ClassEval"]
    assert "method `tripled`" in shown["ClassEval, method"] and shown["ClassEval, method"].count("import re") == 1
    assert "standard input" in shown["LiveCodeBench, stdin"]
    assert "class Solution" in shown["LiveCodeBench, functional"]


def test_a_base_model_completes_the_assert_and_its_value_is_judged():
    task = crux("output")
    document, _ = Way("completion", WORDINGS["plain"]).prompt(task, "")
    assert document.endswith("assert f([1, 2]) ==")
    assert answer_of("value", Way("completion", WORDINGS["plain"]).code(task, " [2, 3]") or "") == "[2, 3]"


def test_a_base_model_continues_the_class_at_the_head_of_the_method():
    tripled, one = METHODS
    assert [task.id for task in METHODS] == ["ClassEval_1.tripled", "ClassEval_1.one"]
    assert problems.document(tripled).endswith(
        'Three times x.\n        >>> Tripler().tripled(1)\n        3\n        """\n'
    )
    way = Way("completion", WORDINGS["plain"])
    written = programs.complete(one, way.code(one, "        return x\n") or "")
    assert "@staticmethod\n    def one(x):" in written and "self.double(x) + x" in written


def test_the_hubs_mbpp_plus_is_judged_by_its_own_test_and_asked_as_mbpp():
    row = {**ROWS["MBPP"], "test": "import numpy as np\nassert double(5) == 10\n"}
    task = made("MBPP", row)
    assert "numpy" in programs.tests_of(task)
    assert problems.instruction(task) == problems.instruction(read_task("MBPP", ROWS["MBPP"]))


@pytest.mark.parametrize(("since", "until", "tasks"), [("2024-08-01", "", 1), ("", "2024-08-10", 1), ("", "", 1)])
def test_a_window_keeps_the_tasks_within_its_dates(tmp_path: Path, since: str, until: str, tasks: int):
    (tmp_path / "lcb.jsonl").write_text(json.dumps(STDIN) + "\n")
    assert len(in_window(load_evaluated(tmp_path / "lcb.jsonl"), since, until).tasks) == tasks


def test_a_window_without_tasks_and_one_on_a_pack_without_dates_are_refused(tmp_path: Path):
    (tmp_path / "lcb.jsonl").write_text(json.dumps(STDIN) + "\n")
    (tmp_path / "mbpp.jsonl").write_text(json.dumps(ROWS["MBPP"]) + "\n")
    with pytest.raises(ConfigError, match="from 2024-08-10 to 2024-08-10"):
        in_window(load_evaluated(tmp_path / "lcb.jsonl"), "2025-01-01", "")
    with pytest.raises(ConfigError, match="no dates"):
        in_window(load_evaluated(tmp_path / "mbpp.jsonl"), "2025-01-01", "")


def test_an_unknown_variant_is_named_with_those_that_there_are(tmp_path: Path):
    (tmp_path / "edit.jsonl").write_text(json.dumps(ROWS["CanItEdit"]) + "\n")
    with pytest.raises(ConfigError, match="descriptive, lazy"):
        load_evaluated(tmp_path / "edit.jsonl", "quick")
    assert load_evaluated(tmp_path / "edit.jsonl", "lazy").name == "edit#lazy"
