"""A response is ended early only where what follows cannot matter, or where no code has begun by half of max_tokens."""

from __future__ import annotations

import random

import pytest

from pipeline.engine import Request, answers, completions_api
from pipeline.prompts import parse
from pipeline.prompts.early_end import ResponseEnd
from pipeline.prompts.parse import is_settled, parse_response
from tests.support.scripted_server import completed

CODE = "```python\ndef add(a, b):\n    return a + b\n```\n"
TESTS = "### Tests\n```python\nassert add(1, 2) == 3\n```\n"
ANSWER = f"Adds.\n\n{CODE}\n{TESTS}"
PIECES = (
    CODE, TESTS, "### Tests\n", "#### test:\n", "```\n", "```python\n", "````\n", "~~~\n", "   ```py\n", "1. ```python\nx = 1\n   ```\n",
    "### Instruction\n", "## Example 9\n", "### Response and more\n", "### Instructions\n", "    ### Response\n", "Prose of it.\n",
    "# a comment\n", "assert add(1, 2) == 3\n", ">>> add(1, 2)\n", "x = (\n", "<|endoftext|>", "</s>", "<eos>\n", "\n", "[Reasoning]\n",
    "[Code]\n", "```text\nno code\n```\n", "### Tests", "word ", "\u00e9",
)  # fmt: skip


@pytest.mark.parametrize("parts", [(), ("Reasoning", "Code")])
def test_whatever_follows_a_settled_text_changes_nothing(parts):
    rng = random.Random(18)
    settled = 0
    for _ in range(600):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(2, 14)))
        whole = parse_response(text, parts)
        for cut in range(0, len(text), 5):
            if is_settled(text[:cut], parts):
                settled += 1
                assert parse_response(text[:cut], parts) == whole, (text, cut)
                break
    assert settled > 100


@pytest.mark.parametrize(
    "text",
    [
        ANSWER + "### Instruction\n",
        ANSWER + "## Example 3\nMore",
        ANSWER + "<|im_end|>",
        "`1, 2, 3`\n### Tests\n",
        "Adds.\n\n```text\nadd\n```\n### Test\n",
    ],
)
def test_a_text_of_which_the_rest_cannot_matter_is_ended_and_parsed(text):
    assert ResponseEnd()(text, 0.1) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ANSWER,
        ANSWER + "### Tests\n",
        ANSWER + "### Instruction",  # the line may go on
        "Adds.\n\n```python\n### Instruction\n",  # a block that may be closed
        "Adds.\n\n```python\ndef add(a, b):\n    return a + b\n### Tests\n",
        "### Instruction\n",  # the first line is the response's own
        "Adds.\n",
    ],
)
def test_a_text_that_can_still_become_a_row_goes_on(text):
    assert ResponseEnd()(text, 0.49) is None


def test_a_text_without_a_block_is_ended_at_half_of_max_tokens():
    prose = "Adds the two numbers. `add` returns their sum.\n"
    assert ResponseEnd()(prose, 0.5) == "late_code"
    assert ResponseEnd()(f"{prose}```", 0.5) is None
    assert ResponseEnd()(f"{prose}~~~python", 0.9) is None


def test_a_part_that_is_missing_before_the_tests_ends_the_text():
    assert ResponseEnd(("Reasoning", "Code"))(f"[Code]\n{CODE}### Tests\n", 0.1) == "stop"
    assert ResponseEnd(("Reasoning", "Code"))(f"[Reasoning]\nAdds.\n[Code]\n{CODE}### Tests\n", 0.1) is None


@pytest.mark.parametrize(
    ("text", "reason"), [(f"{ANSWER}\n### Instruction\nAnother", "stop"), (ANSWER, "length"), ("Prose. " * 9, "length")]
)
def test_a_servers_text_that_was_complete_before_max_tokens_is_taken(text, reason):
    usage = {"prompt_tokens": 5, "completion_tokens": 90}
    request = Request("a", "", "t", 90, early_end=ResponseEnd())
    done = completions_api.completion(request, answers.read(completed(text, "length", usage=usage)))
    assert (done.reason, done.new_tokens) == (reason, 90)
    assert (parse.parse_response(done.text) == parse_response(ANSWER)) == (text.startswith("Adds"))
