"""Texts reduced to what is compared."""

import pytest

from pipeline.text.normalise import definitions_only, words


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
