"""Which functions of a file are seeds, and which rule drops the others."""

import pytest

from pipeline.text.functions import Dropped, Function, decode, functions

GOOD = 'def area(width, height):\n    """Area of a rectangle."""\n    return width * height\n'


def rules(text: str, max_lines: int = 150) -> list[str]:
    return [
        item.rule if isinstance(item, Dropped) else "kept" for item in functions(text, max_lines)
    ]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (GOOD, "kept"),
        ("async " + GOOD, "kept"),
        ("@cache\n" + GOOD, "kept"),
        ('def f(*, key):\n    """Doc."""\n    return key\n', "kept"),
        ('def f(*args):\n    """Doc."""\n    return args\n', "kept"),
        ("def f(x):\n    return x\n", "no_docstring"),
        ('def f(x):\n    """   """\n    return x\n', "no_docstring"),
        ('def f():\n    """Doc."""\n    return 1\n', "no_argument"),
        ('def f(x):\n    """Doc."""\n    print(x)\n', "no_returned_value"),
        ('def f(x):\n    """Doc."""\n    return\n', "no_returned_value"),
        ('def f(x):\n    """Doc."""\n    return None\n', "no_returned_value"),
        (
            'def f(x):\n    """Doc."""\n    def g():\n        return 1\n    g()\n',
            "no_returned_value",
        ),
        ('def f(x):\n    """Doc.\n\n## Example 3\n    """\n    return x\n', "prompt_structure"),
        ('def f(x):\n    """Doc.\n\n### Tests\n    """\n    return x\n', "prompt_structure"),
        ("def f(:\n", "not_python"),
        ("print 'two'\n", "not_python"),
        ("(" * 500, "not_python"),
    ],
)
def test_each_function_is_kept_or_dropped_by_its_rule(source, rule):
    assert rules(source) == [rule]


def test_length_is_counted_in_lines_with_decorators():
    assert rules(GOOD, max_lines=3) == ["kept"]
    assert rules("@cache\n" + GOOD, max_lines=3) == ["too_long"]


def test_methods_and_nested_functions_are_no_candidates():
    assert rules("class A:\n" + "".join("    " + line + "\n" for line in GOOD.splitlines())) == []


def test_code_and_lines_are_those_of_the_file_with_form_feeds_and_crlf():
    text = "# one\r\n\x0c\r\n" + GOOD.replace("\n", "\r\n")
    (found,) = functions(text, 150)
    assert isinstance(found, Function)
    assert (found.first_line, found.last_line) == (3, 5)
    assert found.code == GOOD


def test_equal_code_is_the_same_seed_wherever_it_stands():
    first, second = functions(GOOD + "\n\nx = 1\n" + GOOD, 150)
    assert isinstance(first, Function) and isinstance(second, Function)
    assert first.id == second.id
    assert first.first_line != second.first_line


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("x = 'é'".encode("latin-1"), "not_utf8"),
        ("x".encode("utf-16"), "not_utf8"),
        (b"x = 1\0", "not_python"),
    ],
)
def test_bytes_that_are_no_utf8_python_are_dropped_as_a_file(content, rule):
    found = decode(content)
    assert isinstance(found, Dropped)
    assert found.rule == rule


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert decode(b"\xef\xbb\xbfx = 1\n") == "x = 1\n"
