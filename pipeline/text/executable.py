"""What of a response's code is executed before its tests: definitions and what they need, nothing that wants a user.

Answers close with a guarded main program or with an example that reads the keyboard. Both belong to the answer, and a
row keeps them; run before the tests, they end the program or fail for want of input. They are cut by the syntax tree.
Nothing is executed here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipeline.text.normalise import Definition, parse

_PROMPT = ">>>"
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def is_session(code: str) -> bool:
    """Whether a block is the record of an interactive session, not a program."""
    return code.lstrip().startswith(_PROMPT)


def executable(code: str) -> str:
    """The code without `__main__` guards and without top-level statements that read the keyboard, or need one that did.

    Code that is no Python is returned as it is.
    """
    module = parse(code)
    if module is None:
        return code
    interactive, lost = _interactive(module), set[str]()
    lines = code.split("\n")
    for node in module.body:
        if isinstance(node, Definition):
            continue
        guarded = isinstance(node, ast.If) and _is_guard(node.test)
        if guarded or _calls(node, interactive) or _loads(node) & lost:
            lost |= _stores(node)
            kept = node.orelse if isinstance(node, ast.If) and guarded else []
            _replace(lines, node, "\n".join(map(ast.unparse, kept)))
        else:
            lost -= _stores(node)
    return "\n".join(line for line in lines if line != _CUT)


_CUT = "\0"


def _replace(lines: list[str], node: ast.stmt, text: str) -> None:
    """Put a text in the place of a statement's lines. Statements after a semicolon on them go with it."""
    last = node.end_lineno or node.lineno
    lines[node.lineno - 1 : last] = [text or _CUT, *[_CUT] * (last - node.lineno)]


def _is_guard(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`, in either order, alone or with others that it is joined to."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(map(_is_guard, test.values))
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            sides = {ast.dump(left), ast.dump(right)}
            return sides == {ast.dump(ast.Name("__name__", ast.Load())), ast.dump(ast.Constant("__main__"))}
    return False


def _interactive(module: ast.Module) -> set[str]:
    """`input` and the functions that come to call it, by name. A module that defines its own `input` reads nothing."""
    defined = {node.name: node for node in module.body if isinstance(node, Definition)}
    names = {"input"} - defined.keys()
    while names:
        more = {name for name, node in defined.items() if name not in names and _calls_inside(node, names)}
        if not more:
            break
        names |= more
    return names


def _calls_inside(node: ast.AST, names: set[str]) -> bool:
    return any(_is_call(inner, names) for inner in ast.walk(node))


def _calls(node: ast.AST, names: set[str]) -> bool:
    """Whether a statement calls one of these functions itself, not within a function that it defines."""
    return any(_is_call(inner, names) for inner in _walk_own(node))


def _is_call(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _loads(node: ast.AST) -> set[str]:
    return {inner.id for inner in _walk_own(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)}


def _stores(node: ast.AST) -> set[str]:
    return {inner.id for inner in _walk_own(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}


def _walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all in it that runs when it runs: not the bodies of functions and classes in it."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        if not isinstance(current, _SCOPES):
            pending.extend(ast.iter_child_nodes(current))
