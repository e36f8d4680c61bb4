"""What render writes, parse reads back; untrusted text cannot pass for our structure."""

import pytest

from pipeline.prompts import parse, render
from pipeline.prompts.parse import ParsedResponse
from pipeline.prompts.structure import breaks_structure
from pipeline.records import Rejection
from pipeline.text.markdown import code_blocks, fence

RESPONSE = """Adds the two.

```python
def add(a, b):
    return a + b
```

### Tests
```python
assert add(1, 2) == 3
```
"""


def test_a_response_is_split_into_its_parts():
    parsed = parse.parse_response(RESPONSE)
    assert parsed == ParsedResponse(
        response="Adds the two.\n\n```python\ndef add(a, b):\n    return a + b\n```",
        code="def add(a, b):\n    return a + b\n",
        tests="assert add(1, 2) == 3\n",
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (RESPONSE.replace("### Tests", "### Checks"), "no_tests_section"),
        (RESPONSE + RESPONSE, "several_tests_sections"),
        (RESPONSE.replace("```python\ndef", "```\ndef"), "no_code_block"),
        (RESPONSE.replace("```python\nassert", "```\nassert"), "no_tests_block"),
        (RESPONSE + "```python\nassert 1\n```\n", "several_tests_blocks"),
        (RESPONSE.replace("assert add(1, 2) == 3", "add(1, 2)"), "no_assert"),
        (RESPONSE[:-5], "no_tests_block"),
        ("", "no_tests_section"),
    ],
)
def test_a_response_that_misses_a_part_is_rejected_by_its_rule(text, rule):
    rejected = parse.parse_response(text)
    assert isinstance(rejected, Rejection)
    assert rejected.rule == rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recursion, list comprehension\n", ["recursion", "list comprehension"]),
        ("recursion,  recursion , C++ templates.", ["recursion", "C++ templates"]),
        ("sorting\nmore text", ["sorting"]),
        ("don't repeat, key=value".replace("=", "-"), ["don't repeat", "key-value"]),
    ],
)
def test_concepts_are_names_between_commas(text, expected):
    assert parse.parse_concepts(text) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty"),
        (" , , ", "empty"),
        (", ".join(f"c{n}" for n in range(20)), "too_many_concepts"),
        ("x" * 100, "malformed_concept"),
        ("def f(x): return", "malformed_concept"),
    ],
)
def test_what_is_no_list_of_concepts_is_rejected(text, rule):
    rejected = parse.parse_concepts(text)
    assert isinstance(rejected, Rejection)
    assert rejected.rule == rule


def test_instructions_are_stripped_and_must_say_something():
    assert parse.parse_instruction(" Write a function that adds.\n") == "Write a function that adds."
    for text, rule in (
        ("", "empty"),
        ("Add.", "too_short"),
        ("Write this:\n## Example 4\nand that", "stray_header"),
    ):
        rejected = parse.parse_instruction(text)
        assert isinstance(rejected, Rejection)
        assert rejected.rule == rule


@pytest.mark.parametrize("code", ["x = 1", "x = '```'", 'x = """\n````python\n"""'])
def test_a_fence_holds_whatever_backticks_are_inside(code):
    assert code_blocks(fence(code)) == [code + "\n"]


@pytest.mark.parametrize("line", ["## Example 2", "### Tests", "### Response", "### Snippet here"])
def test_a_line_that_reads_as_our_header_is_noticed(line):
    assert breaks_structure(f"text\n{line}\nmore")
    assert not breaks_structure(f"text\n  {line}\nmore")


def test_a_prompt_ends_with_exactly_one_newline():
    tails = (
        render.concepts_tail("def f(x):\n    return x\n"),
        render.instructions_tail("function implementation", "Python", "easy", ["recursion"]),
        render.responses_tail("Write a function."),
    )
    for tail in tails:
        assert tail.endswith("\n")
        assert not tail.endswith("\n\n")
