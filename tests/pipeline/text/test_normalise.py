"""Texts reduced to what is compared."""

import pytest

from pipeline.text.normalise import count_words, definitions_only, words


def test_words_lose_case_wrapping_and_punctuation():
    assert words("Return the\n  SUM_of: x+y (if 2 > 1)!") == words("return the sum of x y if 2 1")


def test_definitions_are_kept_without_docstrings_comments_and_the_code_around():
    code = (
        "import os\n\ndef f(x):\n    '''Doc\n    more.'''\n    # why\n    return x\n\nprint(f(1))\n"
        "class A:\n    'doc'\n    def g(self):\n        'doc'\n        return 1\n"
    )
    assert definitions_only(code) == ("def f(x):\n    return x\nclass A:\n    def g(self):\n        return 1")


@pytest.mark.parametrize("code", ["def f(:\n", "print 'x'", "\0", "(" * 5000])
def test_code_that_does_not_parse_is_kept_as_it_is(code):
    assert definitions_only(code) == code


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Write a function that adds.", 5),
        ("", 0),
        ("\u5199\u4e00\u4e2a\u51fd\u6570\u3002", 3),  # five characters and a full stop
        ("\u4f7f\u7528 `sum` \u51fd\u6570", 3),
        ("\u0e40\u0e02\u0e35\u0e22\u0e19\u0e1f\u0e31\u0e07\u0e01\u0e4c\u0e0a\u0e31\u0e19", 7),
        ("naïve café - über", 4),
    ],
)
def test_words_are_counted_by_spaces_or_by_characters(text, count):
    assert count_words(text) == count
