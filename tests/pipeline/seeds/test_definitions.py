"""Which definitions a file holds, and which rule drops those that make no seed."""

import sys

import pytest

from pipeline.records import Rejection
from pipeline.seeds.definitions import KINDS, Definition, Unparsed, decode, definitions
from pipeline.seeds.rules import Limits, rejected

GOOD = 'def area(width, height):\n    """Area of a rectangle."""\n    return width * height\n'
DENIED = frozenset({"os", "sys"})


def found(text: str, *kinds: str) -> list[Definition]:
    return [item for item in definitions(text, frozenset(kinds or {"functions"})) if isinstance(item, Definition)]


def rules(text: str, *kinds: str, max_lines: int = 150) -> list[str]:
    limits = Limits(max_lines, DENIED)
    fates = []
    for item in definitions(text, frozenset(kinds or {"functions"})):
        rejection = item.rejection if isinstance(item, Unparsed) else rejected(item, limits)
        fates.append(rejection.rule if rejection else "kept")
    return fates


def body(*lines: str) -> str:
    """A documented function of x with these lines."""
    return 'def f(x):\n    """Doc."""\n' + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (GOOD, "kept"),
        ("async " + GOOD, "kept"),
        ("@cache\n" + GOOD, "kept"),
        ('def f(*, key):\n    """Doc."""\n    return key\n', "kept"),
        ('def f(*args: int):\n    """Doc."""\n    return args\n', "kept"),
        ('def f(x=1, /):\n    r"Doc."\n    return x\n', "kept"),
        ("def f(x):\n    return x\n", "no_docstring"),
        ('def f(x):\n    """   """\n    return x\n', "no_docstring"),
        ('def f(x):\n    x = """Doc."""\n    return x\n', "no_docstring"),
        ('def f():\n    """Doc."""\n    return 1\n', "no_argument"),
        (body("print(x)"), "no_returned_value"),
        (body("return"), "no_returned_value"),
        (body("return None"), "no_returned_value"),
        (body("def g():", "    return 1", "g()"), "no_returned_value"),
        (body("def g():", "    return 1", "return g()"), "kept"),
        ('def f(x):\n    """Doc.\n\n## Example 3\n    """\n    return x\n', "prompt_structure"),
        ('def f(x):\n    """Doc.\n\n### Tests\n    """\n    return x\n', "prompt_structure"),
        (body("# TODO: more", "return x"), "unfinished"),
        (body("# a bug, sadly", "return x"), "unfinished"),
        (body("# FIXME", "return x"), "unfinished"),
        (body("debug = methodology = x", "return debug"), "kept"),
        (body("import os.path", "return os.path.join(x)"), "denied_import"),
        (body("from . import sibling", "return sibling.f(x)"), "relative_import"),
        ("import sys\n" + body("return sys.argv[x]"), "denied_import"),
        ("import sys\n" + body("return x.sys"), "kept"),
        ("from os import path\ndef f(path):\n    'Doc.'\n    return path\n", "kept"),
        ("from .base import go\n" + body("return go(x)"), "relative_import"),
        (body("return x" + " + 1" * 6000), "too_long"),
        (body("return x + )"), "syntax_error"),
        ("def f(:\n", "syntax_error"),
        ("x = = 2\n", "syntax_error"),
        ("(" * 500, "syntax_error"),
    ],
)
def test_each_definition_is_kept_or_dropped_by_its_rule(source, rule):
    assert rules(source) == [rule]


@pytest.mark.parametrize(
    "line",
    [
        "print 'two'",
        "exec x in {}",
        "return `x`",
        "return x <> 1",
        "return ur'a'",
        "return 0777",
        "return 7L",
        "raise ValueError, 'a'",
        "try: pass\n    except ValueError, e: return e",
    ],
)
def test_python_2_is_no_python(line):
    assert rules(body(line, "return x")) == ["python_2"]
    assert rules("def f((a, b)):\n    'Doc.'\n    return a\n") == ["python_2"]


@pytest.mark.parametrize(
    "source",
    [
        'def f[T](x: T) -> T:\n    """Doc."""\n    return x\n',
        body('return t"{x}"'),
        body("try:", "    pass", "except* ValueError:", "    pass", "return x"),
        body("try:", "    pass", "except ValueError, TypeError:", "    pass", "return x"),
        body("match x:", "    case [1, *_]:", "        return 2"),
        body("type X = int", "return x"),
        body("return f'{x['key']}'"),
    ],
)
def test_syntax_newer_than_the_interpreter_is_read_like_any_other(source):
    assert rules(source) == ["kept"]


def test_a_broken_function_does_not_cost_its_neighbours():
    text = f"{GOOD}\ndef broken(x:\n    return x +\n\n\n{GOOD.replace('area', 'second')}"
    assert [item.name for item in found(text) if not rejected(item, Limits())] == [
        "area",
        "second",
    ]


def test_length_is_counted_in_lines_with_decorators():
    assert rules(GOOD, max_lines=3) == ["kept"]
    assert rules("@cache\n" + GOOD, max_lines=3) == ["too_long"]


CLASS = (
    'import json\nfrom enum import Enum\n\n\nclass A(Enum):\n    """Doc."""\n\n    @staticmethod\n'
    '    def f(x):\n        """Doc."""\n        return json.dumps(x)\n\n'
    '    def g(self):\n        """Doc."""\n        return 1\n'
)


def test_methods_and_classes_are_taken_when_asked_for_and_nested_functions_never():
    assert found(CLASS) == []
    assert [item.name for item in found(CLASS, *KINDS)] == ["A", "A.f", "A.g"]
    assert rules(CLASS, "methods") == ["kept", "no_argument"]
    assert rules(CLASS, "classes") == ["kept"]
    assert found(GOOD + "    def inner(x):\n        return x\n", *KINDS)[1:] == []


def test_a_method_stands_in_its_class_with_the_imports_of_both():
    (method, _) = found(CLASS, "methods")
    assert method.code == (
        "import json\nfrom enum import Enum\n\n\nclass A(Enum):\n    @staticmethod\n"
        '    def f(x):\n        """Doc."""\n        return json.dumps(x)\n'
    )


def test_the_imports_that_a_function_needs_are_kept_with_it_and_no_others():
    text = (
        "from __future__ import annotations\n"
        "import re, json as j\nimport os.path\nfrom typing import (\n    Any,\n    List as L,\n)\n"
        "try:\n    import numpy as np\nexcept ImportError:\n    np = None\n"
        "def f(x: L, Any=1):\n    'Doc.'\n    return re.sub('', '', np.re(x, j=j.dumps(x)))\n"
    )
    assert found(text)[0].imports == (
        "import re",
        "import json as j",
        "from typing import List as L",
        "import numpy as np",
    )


def test_code_and_lines_are_those_of_the_file_with_form_feeds_and_crlf():
    text = decode(("# one\r\n\x0c\r\n" + GOOD.replace("\n", "\r\n")).encode())
    assert isinstance(text, str)
    (seed,) = found(text)
    assert (seed.first_line, seed.last_line) == (3, 5)
    assert seed.code == GOOD


def test_equal_code_is_the_same_seed_wherever_it_stands():
    first, second = found(GOOD + "\n\nx = 1\n" + GOOD)
    assert first.id == second.id
    assert first.first_line != second.first_line


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("x = 'é'".encode("latin-1"), "not_utf8"),
        ("x".encode("utf-16"), "not_utf8"),
        ("x".encode("utf-32"), "not_utf8"),
        (b"# coding: no-such-thing\n", "not_utf8"),
        (b"# coding: rot13\n", "not_utf8"),
        (b"x = 1\0", "not_python"),
    ],
)
def test_bytes_that_are_no_text_are_dropped_as_a_file(content, rule):
    rejection = decode(content)
    assert isinstance(rejection, Rejection)
    assert rejection.rule == rule


def test_a_byte_order_mark_is_no_part_of_the_text_and_a_declared_encoding_counts():
    assert decode(b"\xef\xbb\xbfx = 1\n") == "x = 1\n"
    assert decode("# coding: latin-1\nx = 'é'\n".encode("latin-1")) == "# coding: latin-1\nx = 'é'\n"


@pytest.mark.parametrize("depth", [sys.getrecursionlimit() * 20])
def test_what_is_nested_without_end_is_read_and_dropped(depth):
    assert rules(body("return " + "(" * depth + "x" + ")" * depth)) == ["too_long"]
    assert rules("[" * depth) == ["syntax_error"]


@pytest.mark.parametrize(
    "line", ["return x in '<>&'", "return '<>' == x", "return x != '<>'  # <>", "return x < 1 > 0"]
)
def test_an_operator_of_python_2_within_a_text_is_none(line):
    assert rules(body(line)) == ["kept"]


@pytest.mark.parametrize("quotes", ["'''", '"""'])
@pytest.mark.parametrize("before", ["", "@decorated\n", "async "])
def test_text_at_the_margin_of_a_string_is_no_definition_beside_a_syntax_error(quotes, before):
    text = before + "def inner(x):\n    'Doc.'\n    return x\n"
    source = f"TEMPLATE = {quotes}\n{text}{quotes}\n\ndef f(x):\n    'Doc.'\n    return x\n\nx = = 2\n"
    found = [item.name for item in definitions(source, frozenset(KINDS)) if isinstance(item, Definition)]
    assert found == ["f"]


def test_a_string_that_does_not_end_costs_no_later_definition():
    source = "TEMPLATE = '''\n\ndef f(x):\n    'Doc.'\n    return x\n"
    assert [item.name for item in definitions(source, frozenset(KINDS)) if isinstance(item, Definition)] == ["f"]
