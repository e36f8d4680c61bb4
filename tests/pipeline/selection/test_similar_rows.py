"""Which rows repeat an earlier row: by a field of theirs, or by code that differs in its names alone."""

from __future__ import annotations

import pytest

from pipeline.selection.similar_rows import SimilarRows

ROW = (
    "Write a function that adds up the squares of all numbers in a list.",
    "The squares are added in a loop over all of the numbers that are in the list.",
    "def add_squares(numbers):\n    total = 0\n    for n in numbers:\n        total += n * n\n    return total\n",
)
OTHER = ("Something else that nobody has asked for so far.", "It is done in another way than all others are.")


def rows() -> SimilarRows:
    index = SimilarRows()
    index.add("first", *ROW)
    return index


@pytest.mark.parametrize(("place", "field"), list(enumerate(("instruction", "response", "code"))))
def test_a_row_is_a_near_duplicate_when_one_of_its_fields_is(place, field):
    other = [*OTHER, "def f(x):\n    return x\n"]
    assert rows().find(*other) is None
    other[place] = ROW[place]
    match = rows().find(*other)
    assert (match.id, match.field) == ("first", field)
    assert match.evidence == f"{field} resembles first (Jaccard 1.00)"


def test_docstrings_do_not_hide_that_code_is_the_same():
    code = ROW[2].replace(":\n", ':\n    """Adds up squares, and says so at length."""\n', 1)
    assert rows().find(*OTHER, code).field == "code"


@pytest.mark.parametrize(
    "twin",
    [
        "def energy(samples):\n    e = 0\n    for s in samples:\n        e += s * s\n    return e\n",
        "def energy(samples: list[float]) -> float:\n    '''Of a signal.'''\n    # sum\n    e = 0\n"
        "    for s in samples:\n        e += s * s\n\n    return e\n",
    ],
)
def test_code_under_other_names_is_the_same(twin):
    match = rows().find(*OTHER, twin)
    assert (match.id, match.field, match.similarity) == ("first", "structure", 1.0)


@pytest.mark.parametrize(
    "other",
    [
        "def add_cubes(xs):\n    t = 0\n    for x in xs:\n        t += x ** 3\n    return t\n",
        "def multiply(xs):\n    t = 1\n    for x in xs:\n        t *= x * x\n    return t\n",
        "def largest(xs):\n    return max(xs)\n",
    ],
)
def test_code_that_does_something_else_in_the_same_form_is_none(other):
    assert rows().find(*OTHER, other) is None


def test_short_functions_that_differ_in_a_number_are_two():
    index = SimilarRows()
    index.add("first", *OTHER, "def starts(words):\n    return [w[:2] for w in words]\n")
    assert index.find(*ROW[:2], "def prefixes(names):\n    return [n[:3] for n in names]\n") is None
    assert index.find(*ROW[:2], "def prefixes(names):\n    return [n[:2] for n in names]\n").field == "structure"


def test_attributes_of_self_and_names_of_classes_are_names_and_other_attributes_are_not():
    index = SimilarRows()
    index.add(
        "first", *OTHER, "class Till:\n    def add(self, x):\n        self.total = x.real\n        return self.total\n"
    )
    twin = "class Box:\n    def put(self, y):\n        self.sum = y.real\n        return self.sum\n"
    assert index.find(*ROW[:2], twin).field == "structure"
    assert index.find(*ROW[:2], twin.replace("real", "imag")) is None


def test_modules_and_builtins_are_no_names_of_the_author():
    index = SimilarRows()
    index.add("first", *OTHER, "import math as m\n\n\ndef f(x):\n    return m.floor(abs(x))\n")
    assert index.find(*ROW[:2], "import math\n\n\ndef g(y):\n    return math.floor(abs(y))\n").field == "structure"
    assert index.find(*ROW[:2], "import math\n\n\ndef g(y):\n    return math.floor(int(y))\n") is None
    assert index.find(*ROW[:2], "import cmath\n\n\ndef g(y):\n    return cmath.floor(abs(y))\n") is None


@pytest.mark.parametrize(
    "code", ["", "x = 1\n", "def f(:\n", "f = " + "-" * 3000 + "1\n", "def f():\n    return " + "(" * 80]
)
def test_code_without_definitions_has_no_structure(code):
    index = SimilarRows()
    index.add("first", *OTHER, code)
    match = index.find(*ROW[:2], code)
    assert match is None or match.field == "code"
