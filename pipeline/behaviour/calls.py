"""Finds calls with literal arguments in a response's tests: what can be traced and told without the tests around.

In: code and tests. Out: calls as text with their values. Nothing is executed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.text.normalise import parse

LONGEST = 120  # characters of a call


@dataclass(frozen=True, slots=True)
class LiteralCall:
    """A call of a function of the response: its text, its arguments by place and by name."""

    text: str
    function: str
    arguments: list[Any]
    named: dict[str, Any]

    @property
    def arguments_text(self) -> str:
        """What stands between its parentheses."""
        return self.text[len(self.function) + 1 : -1]


def literal_calls(code: str, tests: str) -> list[LiteralCall]:
    """The calls in the asserts of tests whose arguments are literals, or names of literals, each once, in order."""
    module, checks = parse(code), parse(tests)
    if module is None or checks is None:
        return []
    functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    found: dict[str, LiteralCall] = {}
    for check, names in _asserts(checks.body, {}):
        nodes = (node for node in ast.walk(check) if isinstance(node, ast.Call))
        for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
            if isinstance(node.func, ast.Name) and node.func.id in functions:
                call = _literal(node, node.func.id, names)
                if call is not None and len(call.text) <= LONGEST:
                    found.setdefault(call.text, call)
    return list(found.values())


_Names = dict[str, ast.expr]  # of literals


def _asserts(body: list[ast.stmt], names: _Names) -> Iterator[tuple[ast.Assert, _Names]]:
    """The asserts of statements and of the functions among them, with the literals that were last given names."""
    names = dict(names)
    for statement in body:
        match statement:
            case ast.Assert():
                yield statement, dict(names)
            case ast.FunctionDef(body=inner):
                yield from _asserts(inner, names)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value):
                names[name] = value
                continue
            case _:
                nested = (node for node in ast.walk(statement) if isinstance(node, ast.Assert))
                yield from ((node, {}) for node in nested)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.pop(node.id, None)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        return False
    return True


def _literal(node: ast.Call, function: str, names: _Names) -> LiteralCall | None:
    def resolved(argument: ast.expr) -> ast.expr:
        return names.get(argument.id, argument) if isinstance(argument, ast.Name) else argument

    arguments = [resolved(argument) for argument in node.args]
    named = [ast.keyword(keyword.arg, resolved(keyword.value)) for keyword in node.keywords]
    if not all(map(_is_literal, [*arguments, *(keyword.value for keyword in named)])):
        return None
    if any(keyword.arg is None for keyword in named):  # f(**{...})
        return None
    return LiteralCall(
        ast.unparse(ast.Call(node.func, arguments, named)),
        function,
        [ast.literal_eval(argument) for argument in arguments],
        {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in named},
    )
