"""Makes of tests such in which a value that equals two different ones, or is beyond all numbers, equals nothing.

What a check compares with a value that is written out is falsified with another one (expectations.py). Everything else
that tests compare, as the rows of a table or what a function of theirs is given, is looked at here: a result that
equals all it is compared with is found by comparing it with values that have nothing to do with the task. Honest
tests pass as before. Pure functions on syntax trees.
"""

from __future__ import annotations

import ast
from copy import deepcopy

from sandbox.expectations import expect_otherwise

_COMPARED = ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Lt | ast.LtE | ast.Gt | ast.GtE
_STATED = ("Equal", "Equals", "In", "Less", "Greater")


def look_at_values(tests: ast.Module) -> bool:
    """Let the tests look at the values that they compare, in place; False where nothing is left to be looked at."""
    looking = _Looking()
    looking.visit(tests)
    return looking.found


class _Looking(ast.NodeTransformer):
    found = False

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Assert | ast.Expr) and expect_otherwise(deepcopy(node)):
            return node
        self.generic_visit(node)
        if isinstance(node, ast.Compare) and all(isinstance(operator, _COMPARED) for operator in node.ops):
            node.left = self._looked_at(node.left)
            node.comparators = [self._looked_at(value) for value in node.comparators]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_assertion(node.value):
            node.value.args = [self._looked_at(value) for value in node.value.args]
        return node

    def _looked_at(self, value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Constant | ast.Starred | ast.Lambda):
            return value
        self.found = True
        return ast.Call(ast.Name("__honest__", ast.Load()), [value], [])


def _is_assertion(call: ast.Call) -> bool:
    """Whether a method of unittest that compares its arguments is called."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return name.startswith("assert") and name.endswith(_STATED)
