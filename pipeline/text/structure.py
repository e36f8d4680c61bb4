"""The structure of code: what is left of it without the names that its author chose, docstrings, comments and layout.

Builtins, imported modules, attributes and keywords of calls stay; functions, classes, parameters, variables and the
attributes of `self` are numbered in order of appearance. Two pieces of code with equal structures do the same.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
from collections.abc import Iterable
from typing import Any

from pipeline.text.normalise import Definition, parsed

_BUILTINS = frozenset(dir(builtins))
_SKIPPED = (ast.expr_context, ast.Pass, ast.Import, ast.ImportFrom)
_ANNOTATIONS = frozenset({"annotation", "returns", "type_comment", "type_params"})


def structure(code: str) -> bytes | None:
    """A digest of the structure of the code's functions and classes; None for code that has none or does not parse."""
    module = parsed(code)
    definitions = [node for node in module.body if isinstance(node, Definition)] if module else []
    if module is None or not definitions:
        return None
    imports = (node for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom))
    try:
        words = _Words(alias for node in imports for alias in node.names)
        for definition in definitions:
            words.add(definition)
    except RecursionError:  # an expression nested deeper than Python's own stack
        return None
    return hashlib.blake2b("\0".join(words.found).encode("utf-8", "surrogatepass"), digest_size=12).digest()


class _Words:
    """The words of a walk over syntax trees, in order."""

    def __init__(self, imported: Iterable[ast.alias]) -> None:
        self.found: list[str] = []
        self._modules = {alias.asname or alias.name.split(".")[0]: alias.name for alias in imported}
        self._numbers: dict[str, str] = {}

    def add(self, node: ast.AST) -> None:
        self.found.append(type(node).__name__)
        for field, value in ast.iter_fields(node):
            if field in _ANNOTATIONS:
                continue
            if isinstance(value, list):
                statements = value[1:] if field == "body" and _is_docstring(value) else value
                for item in statements:
                    self._value(node, field, item)
                self.found.append(")")
            else:
                self._value(node, field, value)

    def _value(self, node: ast.AST, field: str, value: Any) -> None:
        if isinstance(value, ast.AST):
            if not isinstance(value, _SKIPPED):
                self.add(value)
        elif field in ("id", "arg", "name", "asname") and isinstance(value, str) and not isinstance(node, ast.keyword):
            self.found.append(self._name(value))
        elif field == "attr" and isinstance(node, ast.Attribute) and _is_own(node.value):
            self.found.append(self._number(f".{value}"))
        else:
            self.found.append(repr(value))

    def _name(self, name: str) -> str:
        if name in self._numbers:
            return self._numbers[name]
        return self._modules.get(name) or (name if name in _BUILTINS else self._number(name))

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, str(len(self._numbers)))


def _is_docstring(body: list[Any]) -> bool:
    first = body[0] if body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _is_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")
