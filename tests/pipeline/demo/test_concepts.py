"""Concepts from syntax trees, and the realistic snippets they are read from."""

from __future__ import annotations

import ast
import random

import pytest

from pipeline.demo.world.concepts import choose
from pipeline.demo.world.snippets import make_snippet
from pipeline.prompts.parse import parse_concepts
from pipeline.text.code_concepts import tree_concepts


@pytest.mark.parametrize(
    ("code", "concepts"),
    [
        ("for x in y:\n    z.append(x)", ["iteration", "list building"]),
        ("a = sorted(b)[1:]", ["slicing", "sorting"]),
        ("if a in b:\n    raise ValueError", ["conditionals", "membership test", "error handling"]),
        ("a = b.get(c, 0) % 2", ["modulo", "dictionary lookup"]),
        ("a = ''.join(b.split())", ["string joining", "string splitting"]),
    ],
)
def test_concepts_follow_the_syntax(code: str, concepts: list[str]) -> None:
    assert sorted(tree_concepts(code)) == sorted(concepts)


def test_code_without_known_syntax_still_gets_two_concepts() -> None:
    assert len(choose(random.Random(0), tree_concepts("a = b"))) == 2


def test_snippets_parse_have_a_docstring_and_return() -> None:
    rng = random.Random(1)
    for _ in range(300):
        snippet = make_snippet(rng)
        function = ast.parse(snippet.code).body[0]
        assert isinstance(function, ast.FunctionDef)
        assert ast.get_docstring(function)
        assert any(isinstance(node, ast.Return) for node in ast.walk(function))


def test_concepts_of_snippets_are_what_the_pipeline_accepts() -> None:
    rng = random.Random(2)
    for _ in range(200):
        concepts = list(make_snippet(rng).concepts)
        assert 2 <= len(concepts) <= 4
        assert parse_concepts(", ".join(concepts)) == concepts
