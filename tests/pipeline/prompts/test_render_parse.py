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
        (RESPONSE.replace("```python\ndef", "```text\ndef"), "no_code_block"),
        (RESPONSE.replace("```python\ndef", "```\nmy def"), "no_code_block"),
        (RESPONSE.replace("```python\ndef", "```python\n>>> def"), "no_code_block"),
        (RESPONSE.replace("```python\nassert", "```json\nassert"), "no_tests_block"),
        (RESPONSE.replace("assert add(1, 2) == 3", "add(1, 2)"), "no_assert"),
        (RESPONSE[:-5], "no_tests_block"),
        ("", "no_tests_section"),
    ],
)
def test_a_response_that_misses_a_part_is_rejected_by_its_rule(text, rule):
    rejected = parse.parse_response(text)
    assert isinstance(rejected, Rejection)
    assert rejected.rule == rule


TESTS = "assert add(1, 2) == 3\n"
TEST_BLOCK = f"```python\n{TESTS}```"


@pytest.mark.parametrize(
    "info", ["Python", "python3", "py3", "py", "", "python3.11", 'python title="add.py"', "{.python}"]
)
@pytest.mark.parametrize(("before", "fence"), [("", "```"), ("", "~~~"), ("   ", "```"), ("1. ", "````")])
def test_a_block_is_read_as_models_fence_it(info, before, fence):
    indent = " " * len(before)
    block = f"{before}{fence}{info}\n{indent}def add(a, b):\n{indent}    return a + b\n{indent}{fence}"
    parsed = parse.parse_response(f"Adds.\n\n{block}\n\n### Tests\n{TEST_BLOCK}")
    assert isinstance(parsed, ParsedResponse)
    assert parsed.code == "def add(a, b):\n    return a + b\n"


def test_of_a_repair_the_response_alone_is_read():
    text = f"Now right.\n\n{fence('x = 1')}\n\n### Tests\n{fence('assert x == 2')}\n"
    assert parse.parse_repair(text) == ParsedResponse(f"Now right.\n\n{fence('x = 1')}", "x = 1\n", "")
    assert parse.parse_repair("Now right.") == Rejection("no_code_block", "Now right.")


@pytest.mark.parametrize("header", ["### Test", "### Tests:", "### tests", "## Tests", "#### Tests"])
def test_the_header_of_the_tests_may_vary(header):
    parsed = parse.parse_response(RESPONSE.replace("### Tests", header))
    assert isinstance(parsed, ParsedResponse)
    assert parsed.tests == TESTS


@pytest.mark.parametrize(
    "title",
    ["### Unit tests", "## Test Cases", "### **Tests**", "**Tests**", "**Tests:**", "Tests:", "### Testing", "### Test 1",
     " ### Tests", "### Tests (pytest) ###", "# How to test"],
)  # fmt: skip
def test_without_the_header_of_the_prompts_a_title_of_tests_behind_the_code_is_taken(title):
    parsed = parse.parse_response(RESPONSE.replace("### Tests", title))
    assert isinstance(parsed, ParsedResponse)
    assert parsed.tests == TESTS


@pytest.mark.parametrize("title", ["**Tests**", "Testing:", "### Test it"])
def test_with_the_header_of_the_prompts_a_title_of_tests_is_prose(title):
    before, tests = RESPONSE.split("### Tests")
    parsed = parse.parse_response(f"{title}\n{before}\n{title}\n\nIt adds.\n\n### Tests{tests}")
    assert isinstance(parsed, ParsedResponse)
    assert parsed.response.count(title) == 2
    assert (parsed.code, parsed.tests) == (parse.parse_response(RESPONSE).code, TESTS)


def test_lines_may_end_as_on_windows():
    assert parse.parse_response(RESPONSE.replace("\n", "\r\n")) == parse.parse_response(RESPONSE)


@pytest.mark.parametrize("between", ["\n\nEdge cases:\n\n", "\n\n### Tests\n"])
def test_blocks_of_tests_are_joined(between):
    parsed = parse.parse_response(f"{RESPONSE.rstrip()}{between}```python\nassert add(0, 0) == 0\n```")
    assert isinstance(parsed, ParsedResponse)
    assert parsed.tests == f"{TESTS}\nassert add(0, 0) == 0\n"


@pytest.mark.parametrize("header", ["### Instruction", "## Example 3", "### Response", "### End"])
def test_what_a_model_writes_behind_its_answer_is_another_text(header):
    parsed = parse.parse_response(f"{RESPONSE}\n{header}\nAnother.\n\n```python\nx = 1\n```\n\n### Tests\n{TEST_BLOCK}")
    assert parsed == parse.parse_response(RESPONSE)


def test_a_comment_in_the_code_is_no_header():
    code = "## helpers\n### Tests\n### Instruction\ndef add(a, b):\n    return a + b"
    parsed = parse.parse_response(f"Adds.\n\n```python\n{code}\n```\n\n### Tests\n{TEST_BLOCK}")
    assert isinstance(parsed, ParsedResponse)
    assert parsed.code == code + "\n"


@pytest.mark.parametrize(
    "token", ["<|endoftext|>", "<eos>", "<|im_end|>", "<\uff5cend\u2581of\u2581sentence\uff5c>", "<end_of_turn>"]
)
def test_a_text_ends_at_a_special_token_that_is_spelt_out(token):
    assert parse.parse_concepts(f"recursion, sorting{token}import os") == ["recursion", "sorting"]
    assert parse.parse_instruction(f"Write a function that adds.{token}\n\nMore") == "Write a function that adds."
    assert parse.parse_response(f"{RESPONSE}{token}\n```python\nassert 0\n```") == parse.parse_response(RESPONSE)


@pytest.mark.parametrize("text", ["'<s>' + text + '</s>'", "a <|b|> c", "<b>", "x </s> y"])
def test_what_only_resembles_a_special_token_stays(text):
    kept = parse.without_special_tokens(text)
    assert kept == text or "<|b|>" in text


def test_an_example_that_wants_a_user_stays_in_the_response_and_is_not_executed():
    shown = "```python\nname = input()\nprint(add(1, name))\n```\n\n```python\n>>> add(1, 2)\n3\n```"
    parsed = parse.parse_response(RESPONSE.replace("\n### Tests", f"\n{shown}\n\n### Tests"))
    assert isinstance(parsed, ParsedResponse)
    assert shown in parsed.response
    assert parsed.code.strip() == "def add(a, b):\n    return a + b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`zip`, *args, %s, (nested), recursion", ["zip", "args", "recursion"]),
        ("- sorting, `heap`", ["sorting", "heap"]),
        ("# string comparison, & many to many", ["string comparison", "many to many"]),
        ('1. recursion, 2. "binary search", O(n^2)', ["recursion", "binary search", "O(n^2)"]),
        (f"{'x' * 100}, **kwargs, @property", ["kwargs", "@property"]),
        ("_module_repr, __init__ method", ["module_repr", "init__ method"]),
        ("\u9012\u5f52, \u6392\u5e8f", ["\u9012\u5f52", "\u6392\u5e8f"]),
    ],
)
def test_odd_names_are_cleaned_or_left_out(text, expected):
    assert parse.parse_concepts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\u5199\u4e00\u4e2a\u8ba1\u7b97\u5217\u8868\u4e2d\u4f4d\u6570\u7684\u51fd\u6570\u3002",
        "\u30ea\u30b9\u30c8\u3092\u9006\u9806\u306b\u3059\u308b\u95a2\u6570\u3092\u66f8\u3044\u3066\u304f\u3060\u3055\u3044",
    ],
)
def test_words_are_counted_by_characters_where_a_language_has_no_spaces(text):
    assert parse.parse_instruction(text) == text


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


PARTS = ("Reasoning", "Implementation", "Explanation")


@pytest.mark.parametrize(
    ("lines", "has_them"),
    [
        (PARTS, True),
        (("Reasoning", "Implementation"), False),
        (("Implementation", "Reasoning", "Explanation"), False),
        ((*PARTS, "Explanation"), False),
        ((), False),
    ],
)
def test_a_response_of_a_set_with_parts_has_each_once_in_their_order(lines, has_them):
    block, tests = RESPONSE.split("### Tests")
    text = "".join(f"[{line}]\nText.\n\n" for line in lines) + f"{block}### Tests{tests}"
    parsed = parse.parse_response(text, PARTS)
    assert isinstance(parsed, parse.ParsedResponse) if has_them else parsed.rule == "parts_missing"
    assert isinstance(parse.parse_response(text), parse.ParsedResponse)
