"""The value, or the call, with which a model answers a question about a function's inputs or outputs (CRUXEval).

In: the code of an answer, which may be an assert, or the value alone. Out: the source of an expression. A value may
call nothing but what values are written with: an answer that calls the function would always be right.
"""

from __future__ import annotations

import ast

from pipeline.text.normalise import parse

_CONSTRUCTORS = ("set", "frozenset", "float", "complex", "bytes", "bytearray", "dict", "list", "tuple")


def answer_of(form: str, code: str) -> str | None:
    """The source of the answer in code of a form of `Asked`; None where there is none."""
    if form == "text":
        return repr(code)
    tree = parse(code.strip())
    last = tree.body[-1] if tree and tree.body else None
    if form == "call":
        return _call(last)
    match last:
        case ast.Assert(test=ast.Compare(ops=[ast.Eq()], comparators=[value])) | ast.Expr(value=value):
            return ast.unparse(value) if _is_value(value) else None
    return None


def _call(statement: ast.stmt | None) -> str | None:
    match statement:
        case (
            ast.Assert(test=ast.Compare(left=ast.Call(func=ast.Name(id="f")) as call, ops=[ast.Eq()]))
            | ast.Expr(value=ast.Call(func=ast.Name(id="f")) as call)
        ):
            parts = [*call.args, *(keyword.value for keyword in call.keywords)]
            return ast.unparse(call) if all(map(_is_value, parts)) else None
    return None


def _is_value(expression: ast.expr) -> bool:
    return all(
        node.id in _CONSTRUCTORS if isinstance(node, ast.Name) else not isinstance(node, ast.Attribute | ast.Lambda)
        for node in ast.walk(expression)
    )
