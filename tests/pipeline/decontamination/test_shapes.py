"""Code compared without its names and layout."""

import pytest

from pipeline.decontamination.shapes import mended, units

CODE = '''
def total_of_evens(numbers: list[int], start: int = 0) -> int:
    """Add up the even numbers."""
    total = start
    for number in numbers:
        if number % 2 == 0:  # even
            total += number
    return total
'''
RENAMED = """
def f(a, b=0):
  c = b
  for d in a:
      if (d % 2 == 0):

          c += d
  return (c)
"""


def digest(code: str) -> bytes:
    return units(code)[0].digest


def shared(one: str, other: str) -> float:
    first, second = (set(units(code)[0].shapes) for code in (one, other))
    return len(first & second) / len(first | second)


def test_names_layout_docstrings_comments_and_annotations_do_not_count():
    assert digest(CODE) == digest(RENAMED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("% 2", "% 3"),
        ("== 0", "!= 0"),
        ("total += number", "total -= number"),
        ("c += d", "c += a"),
    ],
)
def test_what_the_code_does_counts(old, new):
    source = CODE if old in CODE else RENAMED
    assert digest(source) != digest(source.replace(old, new))


def test_builtins_and_attributes_are_told_apart():
    assert digest("def f(x):\n    return max(x)") != digest("def f(x):\n    return min(x)")
    assert digest("def f(x):\n    return x.lower()") != digest("def f(x):\n    return x.upper()")


def test_a_parameter_named_like_a_builtin_is_a_name_like_others():
    assert digest("def f(list):\n    return list[0]") == digest("def f(items):\n    return items[0]")


def test_names_that_a_class_gives_its_attributes_do_not_count():
    one = "class A:\n    def __init__(self, n):\n        self.count = n\n    def get(self):\n        return self.count"
    assert digest(one) == digest(one.replace("count", "size"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = a > b", "x = b < a"),
        ("x += 1", "x = x + 1"),
        ("x = a + 1", "x = 1 + a"),
        ("x: int = f(y)", "x = f(y)"),
    ],
)
def test_equal_forms_have_the_same_shapes(one, other):
    assert shared(one, other) == 1.0


def test_a_loop_resembles_its_comprehension():
    loop = "def f(xs):\n    r = []\n    for x in xs:\n        if x % 7 == 3:\n            r.append(x * 5)\n    return r"
    comprehension = "def f(xs):\n    return [x * 5 for x in xs if x % 7 == 3]"
    assert shared(loop, comprehension) > 0.5


def test_functions_are_units_of_their_own_beside_the_whole():
    names = [unit.name for unit in units(CODE + "\ndef other(x):\n    return x * 3\n")]
    assert names == ["", "total_of_evens", "other"]


def test_docstrings_are_handed_out_as_prose():
    assert units(CODE)[0].prose == "Add up the even numbers."


@pytest.mark.parametrize(
    "broken",
    [
        CODE + "\nprint 'done'\n",
        CODE + "\ndef half(x):\n    if x:\n        return [1,\n",
        "Here is the code\n" + CODE,
        "```python" + CODE + "```",
        CODE.replace("0:  # even", "0"),
        "\n".join("    " + line for line in CODE.split("\n")),
        CODE.replace("    ", "\t"),
    ],
    ids=["python-2", "cut-off", "prose", "fences", "no-colon", "indented", "tabs"],
)
def test_broken_code_is_mended_so_that_its_functions_are_found(broken):
    assert digest(CODE) in {unit.digest for unit in units(broken)}


@pytest.mark.parametrize("source", ["", "\0\0", "(" * 3000, "x = " + "-" * 20_000 + "1", "?" * 50_000, "'''", "\\"])
def test_hopeless_code_is_no_error(source):
    assert isinstance(units(source), list)


def test_mending_gives_up_after_a_dozen_lines():
    assert mended("\n".join(f"this is no code {n}!" for n in range(100))) is None
