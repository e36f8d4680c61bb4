"""Normalises texts for comparison: words of prose, definitions of code."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_WORD = re.compile(r"[^\W_]+")
# Scripts without spaces between words (Thai, Lao, Burmese, Khmer, Chinese, Japanese), and their punctuation.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNSPACED_PUNCTUATION = re.compile("[\u3000-\u303f\uff00-\uff65]")
_CHARACTERS_A_WORD = 2  # about, in these scripts
_STATEMENTS = ("body", "orelse", "handlers", "finalbody", "cases")
_EXAMPLES = re.compile(r"(?im)^\s*(?:>>>|assert\b|(?:for )?examples?\b|for instance\b|\[?inputs?\s*:)")


def words(text: str) -> list[str]:
    """The text's words and numbers in lower case, without wrapping and punctuation."""
    return _WORD.findall(text.lower())


def count_words(text: str) -> int:
    """How many words a text has: by spaces, and by characters where a script has none between words."""
    spaced, characters = _UNSPACED.subn(" ", _UNSPACED_PUNCTUATION.sub(" ", text))
    return len(spaced.split()) + -(-characters // _CHARACTERS_A_WORD)


def without_examples(text: str) -> str:
    """A problem's text up to its first example; all of it where fewer than four words precede the example."""
    described = _EXAMPLES.split(text, maxsplit=1)[0]
    return described if len(described.split()) >= 4 else text


def parse(code: str) -> ast.Module | None:
    """The syntax tree, or None for text that is not Python; never raises, never warns."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=1)
def parsed(code: str) -> ast.Module | None:
    """`parse`, cached for the next call with the same code; the tree must not be changed."""
    return parse(code)


def nested_definitions(node: ast.AST) -> Iterator[Definition]:
    """Functions and classes at any depth of nested statements, outer ones first."""
    for field in _STATEMENTS:
        for child in getattr(node, field, ()):
            if isinstance(child, Definition):
                yield child
            if not isinstance(child, ast.expr):
                yield from nested_definitions(child)


def syntax_error_line(code: str) -> int | None:
    """The line of the syntax error, counted from 1; None when the code parses or the error has no line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        return error.lineno
    except (ValueError, RecursionError, MemoryError):
        pass
    return None


def definitions_only(code: str) -> str:
    """The code's functions and classes without docstrings and comment lines; all of it if it does not parse.

    Lines are not reformatted, because words are compared, not layout.
    """
    module = parsed(code)
    if module is None:
        return code
    lines = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for node in module.body:
        if not isinstance(node, Definition):
            continue
        docstrings = _docstring_lines(node)
        last = node.end_lineno or node.lineno
        kept.extend(
            lines[number - 1]
            for number in range(node.lineno, last + 1)
            if number not in docstrings and not lines[number - 1].lstrip().startswith("#")
        )
    return "\n".join(kept)


def _docstring_lines(definition: ast.AST) -> set[int]:
    """Numbers, from 1, of the lines with docstrings of a definition and of the definitions in it."""
    numbers: set[int] = set()
    pending: list[ast.AST] = [definition]
    while pending:
        node = pending.pop()
        if not isinstance(node, Definition):
            continue
        pending.extend(node.body)
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            numbers.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return numbers


def is_assert(node: ast.AST) -> bool:
    """Whether a statement is a check: an assert, a method of unittest, a block that must raise."""
    match node:
        case ast.Assert():
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name.startswith("assert")
        case ast.With(items=items):
            return any(
                isinstance(item.context_expr, ast.Call)
                and isinstance(item.context_expr.func, ast.Attribute)
                and item.context_expr.func.attr.startswith(("assert", "raises"))
                for item in items
            )
    return False


def fingerprint(text: str) -> str:
    """The text without any whitespace, as exact deduplication compares it."""
    return "".join(text.split())
