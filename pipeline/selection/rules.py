"""Rules that a passing response must hold to be an example: pure functions, each a reason to drop or None."""

from __future__ import annotations

import ast
import re

from pipeline.text.normalise import is_assert, nested_definitions, parsed

_UNFINISHED = re.compile(
    r"\b(?:todo|fixme|notimplemented|notimplementederror)\b|your code (?:goes )?here", re.IGNORECASE
)


def unfinished(response: str) -> str | None:
    """Text that says the answer is not complete, if any. The words are those of the reference."""
    match = _UNFINISHED.search(response)
    return match[0] if match else None


def too_long(instruction: str, max_words: int) -> str | None:
    """The instruction's word count when it is over the limit."""
    words = len(instruction.split())
    return f"{words} words > {max_words}" if words > max_words else None


def without_definitions(code: str) -> str | None:
    """Why a response's code defines nothing that tests could call, if so."""
    try:
        module = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"does not parse: {error}"
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    if not any(isinstance(node, defined) for node in module.body):
        return "no function, class or name is defined"
    return None


def without_executed_assert(tests: str) -> str | None:
    """Why tests check nothing when run as a program, if so: an assert must stand outside definitions,
    or a definition that holds one must be followed by a statement that can call it."""
    try:
        module = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"does not parse: {error}"
    if not any(isinstance(node, ast.Raise) or is_assert(node) for node in ast.walk(module)):
        return "no assert statement"
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    if all(isinstance(node, definitions) for node in module.body):
        return "definitions only, nothing runs"
    return None


def defined_names(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names of all functions, and of all classes, that the code defines at any depth."""
    functions: set[str] = set()
    classes: set[str] = set()
    module = parsed(code)
    for node in nested_definitions(module) if module else ():
        (classes if isinstance(node, ast.ClassDef) else functions).add(node.name)
    return frozenset(functions), frozenset(classes)
