"""Comments and docstrings go, everything else stays as it is written."""

from __future__ import annotations

import pytest

from pipeline.text.comments import uncommented


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1  # one\n# all of it\ny = '# no comment'\n", "x = 1\ny = '# no comment'\n"),
        ('def f(x):\n    """Doc."""\n    return  x\n', "def f(x):\n    return  x\n"),
        ('def f(x):\n    """Doc\n\n    of lines.\n    """\n\n    return x\n', "def f(x):\n\n    return x\n"),
        ('class A:\n    """Only this."""\n\nclass B(A):\n    x = """kept"""\n',
         'class A:\n    pass\n\nclass B(A):\n    x = """kept"""\n'),
        ('"""Module."""\nx = 1\n', "x = 1\n"),
        ('def f(): "é"; return 1\n', 'def f(): "é"; return 1\n'),
        ("def é():\n    'ü'; return 1\n", "def é():\n    'ü'; return 1\n"),
        ("def f(:\n    # no Python\n", "def f(:\n    # no Python\n"),
        ("x = [\n    1,  # one\n    # two follows\n    2,\n]\n", "x = [\n    1,\n    2,\n]\n"),
        ("s = '''\n# text\n\n'''  # end\n", "s = '''\n# text\n\n'''\n"),
    ],
)  # fmt: skip
def test_code_without_comments(code: str, expected: str) -> None:
    assert uncommented(code) == expected
