"""Calls of tests, traced in the real sandbox and told: every sentence is compared with a run that logs its values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.behaviour import embedded
from pipeline.behaviour.calls import literal_calls
from pipeline.packs.values import answer_of
from pipeline.prompts.execution import FORMS
from pipeline.stages.monologues import job, told
from pipeline.text.markdown import code_blocks
from sandbox import Pool, Program

LOOPS = """
def running(values, start=0):
    total = start
    found = []
    for value in values:
        if value % 2 == 0 and (
            value > 0
        ):
            total += twice(value)
        else:
            total -= 1
        found.append(total)
    while total > 10:
        total //= 2
    large = [
        found_value
        for found_value in found
        if found_value > 2
    ]
    return len(large), total

def twice(x):
    return 2 * x
"""
NESTED = """
def table(words, width):
    rows = {}
    for number, word in enumerate(words):
        row = ""
        for letter in word:
            if len(row) == width:
                break
            row = letter + row
        rows[word] = (number, row)
    return rows
"""
RECURSIVE = """
from functools import cache

@cache
def steps(n):
    if n < 2: return n
    return steps(n - 1) + steps(n - 2)
"""
COMPARES = "def top(values):\n    best = max(values, key=lambda value: -value)\n    return best"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=1) as opened:
        yield opened


def tell(pool: Pool, code: str, tests: str, steps: int = 200) -> dict[str, Any]:
    calls = literal_calls(code, tests)
    text = embedded.program("one", "trace", job(code, calls, steps, 8.0))
    [result] = pool.run_many([Program("one", text)])
    return dict(told(result, code, calls, FORMS))


class Logging(ast.NodeTransformer):
    """Writes down the local names after each assignment, as text, with its line."""

    def visit_Assign(self, node: ast.Assign) -> Any:
        return [node, ast.parse(f"__log__({node.lineno}, locals())").body[0]]

    visit_AugAssign = visit_Assign


def logged(code: str, call: str) -> tuple[list[tuple[int, dict[str, str]]], Any]:
    """All assignments of a call in their order, with the values after them; and what it returned."""
    log: list[tuple[int, dict[str, str]]] = []

    def note(line: int, names: dict[str, Any]) -> None:
        log.append((line, {name: repr(value) for name, value in names.items()}))

    names: dict[str, Any] = {"__log__": note}
    exec(compile(ast.fix_missing_locations(Logging().visit(ast.parse(code))), "<logged>", "exec"), names)
    log.clear()
    return log, eval(call, names)


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        (LOOPS, "assert running([1, 2, 4, 5, 6, 8, 10], start=1)[1] > 0\nassert running([]) == (0, 0)"),
        (NESTED, 'assert table(["abcd", "b", "", "xyz", "pq", "rst"], 2)["b"] == (1, "b")'),
        (RECURSIVE, "assert steps(5) == 5"),
        (COMPARES, "assert top([3, 1, 2]) == 1"),
    ],
    ids=["loops and calls", "nested loops", "recursion", "lambda"],
)
def test_every_sentence_on_a_value_is_what_a_run_that_logs_it_shows(pool: Pool, code: str, tests: str) -> None:
    found = tell(pool, code, tests)["monologues"]
    assert len(found) == 2 * len(literal_calls(code, tests))
    for monologue in found:
        log, value = logged(code, monologue["call"])
        assert monologue["value"] == repr(value)
        claims = 0
        for line, text in re.findall(r"- Line (\d+)(.*)", monologue["answer"]):
            for name, shown in re.findall(r"`(\w+)` is `([^`]+)`", text):
                if not any(at == int(line) for at, _ in log):
                    continue  # a loop's head
                # In order: what came before a sentence can show no later one.
                while log and (log[0][0] != int(line) or log[0][1].get(name) != shown):
                    log.pop(0)
                assert log, (line, name, shown)
                claims += 1
        for _, after in re.findall(r"goes on for (\d+) rounds(?:.*?); then (.*)\.", monologue["answer"]):
            for name, shown in re.findall(r"`(\w+)` is `([^`]+)`", after):
                assert any(names.get(name) == shown for _, names in logged(code, monologue["call"])[0])
        assert claims or "if n < 2" in code


def test_which_way_a_condition_goes_is_told_by_what_runs_next(pool: Pool) -> None:
    code = "def sign(n):\n    if n < 0:\n        return -1\n    elif n:\n        return 1\n    return 0"
    answers = [
        monologue["answer"]
        for monologue in tell(pool, code, "assert sign(-2) == -1\nassert sign(3) == 1\nassert sign(0) == 0")[
            "monologues"
        ]
        if monologue["form"] == "forward"
    ]
    assert ["`if n < 0:`: it holds" in answer for answer in answers] == [True, False, False]
    assert ["`elif n:`: it holds" in answer for answer in answers] == [False, True, False]
    assert answers[2].count("it does not hold") == 2


def test_an_answer_ends_with_what_an_evaluation_reads(pool: Pool) -> None:
    code = "def f(text, times=2):\n    return text * times"
    forward, backward = tell(pool, code, 'assert f("ab", times=3).startswith("a")')["monologues"]
    assert "assert f('ab', times=3) == ..." in forward["question"]
    assert "assert f(...) == 'ababab'" in backward["question"]
    assert answer_of("value", "\n".join(code_blocks(forward["answer"]))) == "'ababab'"
    assert answer_of("call", "\n".join(code_blocks(backward["answer"]))) == "f('ab', times=3)"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(n):\n    raise ValueError", "raises"),
        ("def f(n):\n    try:\n        return [][n]\n    except IndexError:\n        return 0", "raises"),
        ("def f(n):\n    return sum(g(n))\ndef g(n):\n    yield n", "generator"),
        ("def f(n):\n    return object()", "no_value"),
        ("def f(n):\n    return {n}", "no_value"),
        ("def f(n):\n    return [n] * 100", "no_value"),
        ("def f(n):\n    while n < 10**6:\n        n += 1\n    return n", "too_long"),
        ("def f(n):\n    return ''.join({'ab', 'cd', 'ef', 'gh'})", "unsteady"),
        ("import random\ndef f(n):\n    return random.random()", "unsteady"),
        ("import os\ndef f(n):\n    os._exit(0)", "no_end"),
        ("def f(n):\n    while True:\n        pass", "too_long"),
        ("class f:\n    pass\ndef f(n, sent=[]):\n    import os, sys\n    sys.settrace(None)\n    return 1", "no_end"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_told_is_left_out_with_the_reason(pool: Pool, code: str, reason: str) -> None:
    found = tell(pool, code, "assert f(1) is not None")
    assert found == {"id": "one", "monologues": [], "untold": reason}


def test_calls_are_those_of_asserts_with_literal_arguments_of_its_own_functions() -> None:
    code = "def f(n, m=0):\n    return n\nclass C:\n    pass"
    tests = (
        "f(7)\nassert f(1) == 1 and f([1, {'a': (2.5, None)}], m=-1)\nassert f(x) == 1\nassert f({x})\n"
        "assert f(*[1]) == 1\nassert len('abc') == 3\nassert C() is not None\ndef test():\n    assert f(1) == f(True)"
    )
    assert [call.text for call in literal_calls(code, tests)] == ["f(1)", "f([1, {'a': (2.5, None)}], m=-1)", "f(True)"]
    assert literal_calls(code, tests)[1].arguments_text == "[1, {'a': (2.5, None)}], m=-1"


def test_a_name_stands_for_the_literal_that_it_was_last_given() -> None:
    tests = (
        "data = [1]\nassert f(data) == 1\ndata = [2]\nassert f(n=data) == 1\nfor data in [3], [4]:\n    assert f(data)\n"
        "assert f(data) == 1\ndef test():\n    more = (5,)\n    assert f(more, data)\n    assert f(more)\nassert f(more)"
    )
    assert [call.text for call in literal_calls("def f(n): return n", tests)] == ["f([1])", "f(n=[2])", "f((5,))"]
