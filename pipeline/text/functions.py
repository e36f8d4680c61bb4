"""Python source to seed functions: the top-level functions of a file, each kept or dropped by a named rule.

The rules are those of the reference that need nothing but the text: a docstring, a returned value, at
least one argument, a bounded length. The source is parsed, never executed.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.prompts.render import breaks_structure

SEED_ID_CHARS = 16


@dataclass(frozen=True, slots=True)
class Function:
    """A top-level function: `code` is its dedented text with decorators, lines are 1-based, inclusive."""

    name: str
    first_line: int
    last_line: int
    code: str

    @property
    def digest(self) -> str:
        """sha256 of the code in hex; equal code is the same seed wherever it stands."""
        return hashlib.sha256(self.code.encode()).hexdigest()

    @property
    def id(self) -> str:
        """The seed's id: the first 16 hex digits of the digest."""
        return self.digest[:SEED_ID_CHARS]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A function or a whole file (`name` empty) that is no seed, and why."""

    name: str
    first_line: int
    rule: str
    evidence: str


def decode(content: bytes) -> str | Dropped:
    """The text of a Python file, or why it has none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Dropped("", 0, "not_utf8", f"byte {error.start}: {error.reason}")
    if "\0" in text:
        return Dropped("", 0, "not_python", "source has NUL bytes")
    return text


def functions(text: str, max_lines: int) -> Iterator[Function | Dropped]:
    """Every top-level function of a file, in order; one file-level Dropped when it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        yield Dropped("", line, "not_python", f"{type(error).__name__}: {str(error)[:200]}")
        return
    lines = _physical_lines(text)
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _judge(node, lines, max_lines)


def _judge(
    node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str], max_lines: int
) -> Function | Dropped:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    last = node.end_lineno or node.lineno
    code = "".join(line.rstrip() + "\n" for line in lines[first - 1 : last])
    length = last - first + 1

    def dropped(rule: str, evidence: str) -> Dropped:
        return Dropped(node.name, first, rule, evidence)

    if not (ast.get_docstring(node) or "").strip():
        return dropped("no_docstring", node.name)
    if not _takes_argument(node):
        return dropped("no_argument", node.name)
    if not _returns_value(node):
        return dropped("no_returned_value", node.name)
    if length > max_lines:
        return dropped("too_long", f"{length} lines > {max_lines}")
    if breaks_structure(code):
        return dropped("prompt_structure", "a line reads as a section header of our prompts")
    return Function(node.name, first, last, code)


def _takes_argument(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return bool(named or arguments.vararg or arguments.kwarg)


def _returns_value(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function itself (not one nested in it) returns an expression other than None."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        current = pending.pop()
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(current, ast.Return) and current.value is not None:
            constant = isinstance(current.value, ast.Constant) and current.value.value is None
            if not constant:
                return True
        pending.extend(ast.iter_child_nodes(current))
    return False


def _physical_lines(text: str) -> list[str]:
    """Lines as the Python parser counts them; str.splitlines would also split at form feeds and others."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
