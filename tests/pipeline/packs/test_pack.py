"""Benchmark packs: each layout read as its authors publish it, and what is wrong with one said plainly."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ConfigError
from pipeline.packs.differential import MOST_CHARS, differential
from pipeline.packs.layouts import LAYOUTS
from pipeline.packs.pack import evaluated_name, load_evaluated, load_pack

STUB = 'def double(x):\n    """Double the number x.\n    >>> double(2)\n    4\n    """\n'
BODY = "    return x * 2\n"
FUNCTION = "def double(x):\n    return x * 2\n"
CHECK = "def check(candidate):\n    assert candidate(2) == 4\n"

ROWS = {
    "HumanEval": {
        "task_id": "HumanEval/0", "prompt": STUB, "entry_point": "double", "canonical_solution": BODY,
        "test": CHECK,
    },
    "EvalPlus": {
        "task_id": "HumanEval/0", "prompt": STUB, "entry_point": "double", "canonical_solution": BODY,
        "base_input": [[2], [3]], "plus_input": [[0]], "atol": 0, "contract": "",
    },
    "EvoEval": {
        "task_id": "EvoEval/0", "prompt": STUB, "entry_point": "double", "canonical_solution": BODY,
        "inputs": ["2", "3"], "test": CHECK, "main": "",
    },
    "MBPP": {
        "task_id": 2, "text": "Double the number x.", "code": FUNCTION, "test_setup_code": "",
        "test_list": ["assert double(2) == 4", "assert sorted([double(1)]) == [2]"], "challenge_test_list": [],
    },
    "LiveCodeBench": {
        "question_title": "Double", "question_content": "Double the number x.", "platform": "leetcode",
        "question_id": "17", "starter_code": "class Solution:\n    def double(self, x):",
        "public_test_cases": json.dumps([{"input": "2", "output": "4", "testtype": "functional"}]),
        "private_test_cases": "gASVAA==", "metadata": json.dumps({"func_name": "double"}),
    },
    "DS-1000": {
        "prompt": "Problem:\nDouble the number x.\nA:\n<code>", "reference_code": "result = x * 2",
        "metadata": {"problem_id": 5, "library": "Numpy"}, "code_context": "def test_execution(s): ...",
    },
    "GSM8K": {"question": "Double the number x.", "answer": "It is 4.\n#### 4"},
    "ClassEval": {
        "task_id": "ClassEval_0", "skeleton": "class Doubler:\n    '''Double the number x.'''\n",
        "test": "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertEqual(Doubler().double(2), 4)\n",
        "solution_code": "class Doubler:\n    def double(self, x):\n        return x * 2\n",
        "import_statement": [], "class_description": "Double the number x.", "class_name": "Doubler",
        "methods_info": [{"method_name": "double", "method_description": STUB}],
    },
    "CanItEdit": {
        "id": 3, "name": "double", "full_name": "3_double", "before": "def double(x): return x\n",
        "after": FUNCTION, "tests": "assert double(2) == 4\n",
        "instruction_descriptive": "Double the number x.", "instruction_lazy": "double it",
    },
    "BigCodeBench": {
        "task_id": "BigCodeBench/0", "complete_prompt": STUB, "instruct_prompt": "Double the number x.",
        "canonical_solution": BODY, "code_prompt": "def double(x):\n", "entry_point": "double",
        "test": "import unittest\nclass TestCases(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertEqual(double(2), 4)\n",
    },
    "APPS": {
        "id": 0, "question": "Double the number x.", "solutions": json.dumps(["print(int(input()) * 2)", "x = 1\nx * 2"]),
        "input_output": json.dumps({"inputs": ["2"], "outputs": ["4"]}), "difficulty": "introductory", "url": "",
    },
    "CRUXEval": {"id": "sample_0", "code": "# Double the number x.\n" + FUNCTION, "input": "2", "output": "4"},
}  # fmt: skip


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_there_is_a_case_for_every_layout():
    assert set(ROWS) == set(LAYOUTS)


@pytest.mark.parametrize("layout", ROWS)
def test_a_layout_is_recognised_and_its_statement_and_solution_read(layout, tmp_path):
    pack = load_pack(write(tmp_path / "bench.jsonl", ROWS[layout], ROWS[layout]))
    assert pack.layout == layout
    assert [task.pack for task in pack.tasks] == ["bench", "bench"]
    task = pack.tasks[0]
    assert "Double the number x." in task.texts[0]
    assert task.id
    if layout not in ("GSM8K", "LiveCodeBench"):
        assert "x * 2" in "".join(task.solutions)


@pytest.mark.parametrize("layout", ["HumanEval", "EvalPlus", "EvoEval", "MBPP", "LiveCodeBench", "CanItEdit"])
def test_the_tests_of_a_layout_accept_a_right_and_refuse_a_wrong_program(layout, tmp_path):
    task = load_pack(write(tmp_path / "bench.jsonl", ROWS[layout])).tasks[0]
    assert task.entry_point in ("double", "")
    exec(FUNCTION + task.tests, {})
    with pytest.raises(AssertionError):
        exec(FUNCTION.replace("2", "3") + task.tests, {})


MBPP_PLUS_TEST = """import numpy as np
from math import inf

def assertion(out, exp, atol):
    assert np.allclose(out, exp)

inputs = [[2.0], [inf], [0.5]]
results = [4.0, inf, 1.0]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion(double(*inp), exp, 0)
"""


def test_the_cases_of_mbpp_plus_on_the_hub_are_run_without_its_packages(tmp_path):
    row = {**ROWS["MBPP"], "test_list": ["assert double(2) == 4"], "test": MBPP_PLUS_TEST}
    task = load_pack(write(tmp_path / "bench.jsonl", row)).tasks[0]
    assert "numpy" not in task.tests
    exec(FUNCTION + task.tests, {})
    with pytest.raises(AssertionError):
        exec("def double(x):\n    return x * 2 if x < 9 else x * 3 - x * 4\n" + task.tests, {})


def test_inputs_that_are_not_finite_are_compared_within_the_tolerance(tmp_path):
    row = {**ROWS["EvalPlus"], "base_input": [[2.0], [float("inf")], [float("nan")]], "plus_input": [], "atol": 1e-3}
    task = load_pack(write(tmp_path / "bench.jsonl", row)).tasks[0]
    exec("def double(x):\n    return x * 2.0001\n" + task.tests, {})
    with pytest.raises(AssertionError):
        exec("def double(x):\n    return x * 2.01\n" + task.tests, {})


def test_more_inputs_than_there_is_room_for_are_thinned_evenly():
    tests = differential(FUNCTION, "double", [[0]], [[number] for number in range(100_000)], 0)
    inputs = tests.count("], [")
    assert 10_000 < inputs < MOST_CHARS / len("[12345]")


def test_gzipped_packs_json_lists_and_parquet_are_read_too(tmp_path):
    row = ROWS["MBPP"]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    (tmp_path / "b.json").write_text(json.dumps([row, row]))
    pq.write_table(pa.Table.from_pylist([row, row]), tmp_path / "c.parquet")
    plain = load_pack(write(tmp_path / "d.jsonl", row)).tasks[0]
    for name, tasks in (("a.jsonl.gz", 1), ("b.json", 2), ("c.parquet", 2)):
        pack = load_pack(tmp_path / name)
        assert (pack.name, pack.layout, len(pack.tasks)) == (name[0], "MBPP", tasks)
        assert replace(pack.tasks[0], pack="d") == plain
        assert len(pack.revision) == 64


@pytest.mark.parametrize("layout", ROWS)
def test_a_layout_is_recognised_in_parquet_as_well(layout, tmp_path):
    write(tmp_path / "lines.jsonl", ROWS[layout])
    pq.write_table(pa.Table.from_pylist([ROWS[layout]]), tmp_path / "table.parquet")
    lines, table = (load_pack(tmp_path / name) for name in ("lines.jsonl", "table.parquet"))
    assert lines.layout == table.layout
    assert [replace(task, pack="lines") for task in table.tasks] == list(lines.tasks)


def test_the_revision_changes_with_the_file(tmp_path):
    path = write(tmp_path / "a.jsonl", ROWS["MBPP"])
    before = load_pack(path).revision
    write(path, ROWS["MBPP"], ROWS["MBPP"])
    assert load_pack(path).revision != before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b"", "no task"),
        ("a.jsonl", b"{}\n", "no known benchmark"),
        ("a.jsonl", b'{"prompt": "x", "completion": "y"}\n', "completion, prompt"),
        ("a.jsonl", b"{not json\n", "not JSON Lines"),
        ("a.jsonl", b"[1, 2]\n", "JSON objects"),
        ("a.jsonl", b"\xff\xfe\n", "damaged"),
        ("a.jsonl.gz", gzip.compress(b"{}", mtime=0)[:-9], "damaged"),
        ("a.parquet", b"PAR1 and no table", "damaged"),
        ("a.jsonl", b'{"question": "q", "answer": "a"}\n{"question": "q"}\n', "line 2.*no answer"),
    ],
)
def test_a_file_that_is_no_pack_is_named_with_what_is_wrong(name, content, says, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        load_pack(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def with_value(layout, key, value):
    return {**ROWS[layout], key: value}


@pytest.mark.parametrize(
    ("layout", "key", "value", "says"),
    [
        ("HumanEval", "prompt", None, "prompt is null, not a text"),
        ("HumanEval", "test", None, "test is null, not a text"),
        ("HumanEval", "entry_point", 5, "entry_point is int, not a text"),
        ("HumanEval", "canonical_solution", ["pass"], "canonical_solution is list"),
        ("HumanEval", "task_id", [1], "task_id is list"),
        ("EvalPlus", "base_input", [2, 3], r"base_input\[0\] is int"),
        ("EvalPlus", "plus_input", "abc", r"plus_input\[0\] is str"),
        ("EvalPlus", "base_input", 3, "wrong type"),
        ("MBPP", "test_list", None, "test_list is null, not a list of texts"),
        ("MBPP", "test_list", "assert f(1)", "test_list is str, not a list of texts"),
        ("MBPP", "test_list", [["assert f(1)"]], r"test_list\[0\] is list, not a text"),
        ("MBPP", "challenge_test_list", "assert f(1)", "challenge_test_list is str"),
        ("MBPP", "text", None, "text is null"),
        ("MBPP", "task_id", 1.5, "task_id is float"),
        ("LiveCodeBench", "metadata", [1], "metadata is list"),
        ("LiveCodeBench", "metadata", "{cut", "Expecting"),
        ("LiveCodeBench", "public_test_cases", [["x"]], r"public_test_cases\[0\] is list"),
        ("LiveCodeBench", "public_test_cases", [{"input": None, "output": "1"}], "input is null"),
        ("LiveCodeBench", "question_title", 7, "question_title is int"),
        ("DS-1000", "metadata", 3, "metadata is int"),
        ("DS-1000", "reference_code", None, "reference_code is null"),
        ("GSM8K", "answer", 4, "answer is int"),
        ("ClassEval", "methods_info", {"a": 1}, "methods_info is dict"),
        ("ClassEval", "import_statement", [1], r"import_statement\[0\] is int"),
        ("CanItEdit", "before", None, "before is null"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_file_line_and_key(layout, key, value, says, tmp_path):
    path = tmp_path / "bench.jsonl"
    lines = [json.dumps(ROWS[layout]), "", json.dumps(with_value(layout, key, value))]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ConfigError, match=says) as caught:
        load_pack(path)
    assert f"{path}, line 3:" in str(caught.value)
    assert caught.value.exit_code == 15


@pytest.mark.parametrize(("key", "value"), [("challenge_test_list", None), ("test_setup_code", None), ("task_id", 7)])
def test_what_a_benchmark_may_leave_out_may_be_null(key, value, tmp_path):
    assert load_pack(write(tmp_path / "a.jsonl", with_value("MBPP", key, value))).tasks[0].tests


GZIPPED = gzip.compress(json.dumps(ROWS["GSM8K"]).encode(), mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b'{"question": "q", "answer": "a"}\n{"question": "q", "ans', "line 2, is not JSON Lines"),
        ("a.jsonl", b'{"question": "q", "answer": "a"}\n\n3\n', "line 3, does not hold JSON objects"),
        ("a.jsonl", b'{"question": "q", "answer": "a"}\n\xff', "line 2, is damaged"),
        ("a.json", b'[{"question": "q", "answer": "a"}, null]', "task 2, does not hold"),
        ("a.jsonl", b"[" * 100_000, "not JSON Lines"),
        ("a.jsonl.gz", GZIPPED[:4], "damaged"),
        ("a.jsonl.gz", b"no gzip at all", "damaged"),
        ("a.jsonl.gz", GZIPPED[:-8] + b"12345678", "damaged"),
    ],
)
def test_a_cut_file_is_refused_by_its_line(name, content, says, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        load_pack(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_row_of_parquet_that_is_no_text_and_a_cut_table_are_refused(tmp_path):
    column = pa.array([b"good", b"\xff\xfe"], pa.binary())
    text = pa.StringArray.from_buffers(2, column.buffers()[1], column.buffers()[2])
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"question": text, "answer": ["a", "b"]}), path)
    with pytest.raises(ConfigError, match="row 2, cannot be read"):
        load_pack(path)
    content = path.read_bytes()
    for wrong in (content[:20], content[:4] + b"\0" * (len(content) - 12) + content[-8:]):
        path.write_bytes(wrong)
        with pytest.raises(ConfigError, match="damaged"):
            load_pack(path)


@pytest.mark.parametrize(
    ("layout", "key", "value", "says"),
    [
        ("EvalPlus", "atol", "small", "atol is str"),
        ("EvoEval", "inputs", ["open('x'"], r"inputs\[0\] is no Python"),
        ("EvoEval", "inputs", {"a": 1}, "inputs is dict"),
        ("LiveCodeBench", "private_test_cases", "gASVAA==", "private test cases are damaged"),
        ("LiveCodeBench", "public_test_cases", "[]", "no test cases"),
    ],
)
def test_a_row_that_cannot_be_scored_is_refused_by_file_and_line(layout, key, value, says, tmp_path):
    row = {**ROWS[layout], key: value}
    if layout == "LiveCodeBench" and key == "public_test_cases":
        row["private_test_cases"] = ""
    path = write(tmp_path / "bench.jsonl", row)
    with pytest.raises(ConfigError, match=says) as caught:
        load_evaluated(path)
    assert f"{path}, line 1:" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("EvoEval_difficult.jsonl", "EvoEval_difficult"),
        ("EvoEval_difficult/test.jsonl", "EvoEval_difficult/test"),
        (
            "datasets--evalplus--mbppplus/snapshots/b2d7/data/test-00000-of-00001.parquet",
            "mbppplus/test-00000-of-00001",
        ),
    ],
)
def test_the_file_of_a_split_is_named_with_its_dataset(path, name):
    assert evaluated_name(Path(path)) == name
