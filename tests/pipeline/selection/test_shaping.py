"""The forms of a row: what is drawn, what is eligible, and what each form looks like."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipeline.config import sections
from pipeline.selection.shaping import is_on, shaped, shown_tests, stub, without_comments

CODE = 'import math\n\n\ndef area(r):\n    """Of a circle."""\n    return math.pi * r * r  # exact enough\n'
RESPONSE = (
    f"[Reasoning]\nSquare it.\n\n[Implementation]\n```python\n{CODE}```\n\n[Explanation]\nThe formula of the area."
)
TESTS = "assert area(0) == 0\nr = 2\nassert round(area(r)) == 13\nassert area(1) > 3\n"


def row(**changes):
    return {
        "id": "a-000",
        "instruction": "Write `area(r)`.",
        "response": RESPONSE,
        "tests": TESTS,
        "shape": [],
        **changes,
    }


def section(**changes):
    defaults = {key: parameter.task_value("shaping", key) for key, parameter in sections.shaping.get_params()}
    return SimpleNamespace(**{**defaults, **changes})


def test_by_default_nothing_changes():
    assert not is_on(section())
    assert shaped(row(), section()) == row()
    assert without_comments(row(), section()) is None


def test_the_instruction_shows_some_of_the_tests_each_with_what_it_needs():
    one = shaped(row(), section(tests=1.0))
    assert one["shape"] == ["tests"]
    before, _, shown = one["instruction"].partition("\n\nYour code should pass ")
    assert before == row()["instruction"] and one["response"] == RESPONSE
    namespace: dict[str, object] = {}
    exec(CODE, namespace)
    exec(shown.partition("```python\n")[2].partition("```")[0], namespace)
    counts = {len(shown_tests(row(id=f"{n}-000"), 5)) for n in range(40)}
    assert counts == {1, 2, 3}
    assert {len(shown_tests(row(id=f"{n}-000"), 2)) for n in range(40)} == {1, 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"instruction": "Write `area(r)`. For example, area(0) is 0."},
        {"instruction": "Write `area(r)` and test it."},
        {"instruction": "It must pass `assert area(0) == 0`."},
        {"tests": "def check():\n    assert area(0) == 0\n\ncheck()\n"},
        {"tests": "assert area(\n    0\n) == (\n    0\n)\n"},
        {"tests": f"assert area(0) == 0, {'x' * 400!r}\n"},
    ],
)
def test_an_instruction_that_has_examples_and_tests_that_are_long_are_left_alone(changes):
    assert shaped(row(**changes), section(tests=1.0)) == row(**changes)


def test_a_stub_is_the_head_of_the_function_with_what_it_imports():
    one = shaped(row(), section(stub=1.0))
    assert one["shape"] == ["stub"] and one["response"] == RESPONSE
    assert one["instruction"] == (
        "Write `area(r)`.\n\nComplete this function:\n\n"
        '```python\nimport math\n\n\ndef area(r):\n    """Of a circle."""\n```'
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(\n    a,\n    b=1,\n):\n    # how\n    return a\n", "def f(\n    a,\n    b=1,\n):\n    ..."),
        ("def f(a): return a\n", ""),
        ("def f(a):\n    return a\n\ndef g(a):\n    return a\n", ""),
        ("class A:\n    def f(self):\n        return 1\n", ""),
        ("N = 3\n\ndef f(a):\n    return N\n", ""),
        ("@cache\ndef f(a):\n    return a\n", ""),
        ("def f(a:\n", ""),
    ],
)
def test_only_one_plain_function_has_a_stub(code, expected):
    assert stub(row(response=f"So:\n\n```python\n{code}```")) == expected


def test_prose_before_and_after_the_code_and_the_names_of_parts_are_left_out():
    block = f"```python\n{CODE}```"
    for changes, response, shape in (
        ({"reasoning": 0.0, "explanation": 0.0}, block, ["no_reasoning", "no_explanation"]),
        ({"reasoning": 0.0}, f"{block}\n\n[Explanation]\nThe formula of the area.", ["no_reasoning"]),
        ({"explanation": 0.0, "tags": False}, f"Square it.\n\n{block}", ["no_explanation", "no_tags"]),
        ({"tags": False}, f"Square it.\n\n{block}\n\nThe formula of the area.", ["no_tags"]),
    ):
        one = shaped(row(), section(**changes))
        assert (one["response"], one["shape"]) == (response, shape)


def test_code_without_comments_is_another_row_that_has_to_be_run():
    one = without_comments(row(), section(comments=0.0))
    assert one["shape"] == ["no_comments"]
    assert one["response"] == RESPONSE.replace('    """Of a circle."""\n', "").replace("  # exact enough", "")
    bare = row(response="```python\nx = 1\n```")
    assert without_comments(bare, section(comments=0.0)) is None


def test_the_tests_stand_in_the_response_where_the_instruction_wants_them():
    wanting = row(instruction="Write `area(r)` with tests.")
    assert shaped(wanting, section(own_tests=True))["response"].endswith(f"```python\n{TESTS}```")
    assert shaped(row(), section(own_tests=True)) == row()


@pytest.mark.parametrize("key", ["tests", "stub", "reasoning", "explanation"])
def test_a_share_of_rows_is_drawn_by_their_ids_and_a_larger_one_keeps_them(key):
    def changed(share: float) -> set[str]:
        rows = [row(id=f"{n}-000") for n in range(400)]
        given = share if key in ("tests", "stub") else 1 - share
        return {one["id"] for one in rows if shaped(one, section(**{key: given}))["shape"]}

    few, half = changed(0.2), changed(0.5)
    assert few == changed(0.2)
    assert 50 < len(few) < 110 and 160 < len(half) < 240
    assert few < half
