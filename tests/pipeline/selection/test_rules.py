"""What a passing response must hold to become an example."""

import pytest

from pipeline.selection import rules
from pipeline.text.normalise import fingerprint


@pytest.mark.parametrize(
    "text", ["# TODO: later", "raise NotImplementedError", "# your code here", "FIXME"]
)
def test_unfinished_answers_are_told_by_their_words(text):
    assert rules.unfinished(text)


@pytest.mark.parametrize("text", ["the todos list", "def debug(): ...", "method_fixmes"])
def test_words_that_only_contain_them_are_fine(text):
    assert rules.unfinished(text) is None


def test_an_instruction_over_the_limit_is_named_with_its_numbers():
    assert rules.too_long("one two three", 3) is None
    assert rules.too_long("one two three", 2) == "3 words > 2"


@pytest.mark.parametrize(
    ("tests", "sound"),
    [
        ("assert f(1) == 2\n", True),
        ("def test_f():\n    assert f(1) == 2\n\ntest_f()\n", True),
        ("for x in (1, 2):\n    assert f(x)\n", True),
        ("def test_f():\n    assert f(1) == 2\n", False),
        ("print(f(1))\n", False),
        ("assert f(1) ==\n", False),
    ],
)
def test_tests_must_hold_an_assert_that_can_run(tests, sound):
    assert (rules.without_executed_assert(tests) is None) == sound


@pytest.mark.parametrize(
    ("code", "sound"),
    [
        ("def f(x):\n    return x\n", True),
        ("class A:\n    pass\n", True),
        ("f = abs\n", True),
        ("print(1)\n", False),
        ("def\n", False),
    ],
)
def test_code_must_define_something(code, sound):
    assert (rules.without_definitions(code) is None) == sound


def test_fingerprints_ignore_whitespace_only():
    assert fingerprint("a  b\n c") == fingerprint("ab c") != fingerprint("ab d")
