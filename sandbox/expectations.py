"""Changes the value that a check expects into another one of the same type, so that the check cannot be true.

Only where that is certain: one side of an equality, of isclose and its like, or of a difference that must be small, is
written out. Pure functions on syntax trees, which they change in place.
"""

from __future__ import annotations

import ast

_FAR = 7919  # added to numbers: further than any tolerance
_NEAR = ("isclose", "allclose", "array_equal")  # take the two values that they compare


def expect_otherwise(check: ast.stmt) -> bool:
    """Whether the check names an expected value; it then is another one."""
    if isinstance(check, ast.Assert):
        return _in_test(check.test)
    call = check.value if isinstance(check, ast.Expr) else None
    call = call.value if isinstance(call, ast.Await) else call
    if isinstance(call, ast.Call) and _name(call.func).startswith("assert") and _compares(_name(call.func)):
        return _in_pair(call.args)
    return False


def _compares(assertion: str) -> bool:
    """Whether an assertion states that two values are equal."""
    lower = assertion.lower().replace("_", "")
    states_other = any(word in lower for word in ("not", "less", "greater"))
    return lower.endswith(("equal", "equals", "close")) and not states_other


def _in_test(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return _in_pair(sides := [left, right]) and _put(test, sides)
        case ast.Compare(left=ast.Call(func=ast.Name("abs"), args=[ast.BinOp(op=ast.Sub()) as difference])):
            if isinstance(test.ops[0], ast.Lt | ast.LtE):
                sides = [difference.left, difference.right]
                changed = _in_pair(sides)
                difference.left, difference.right = sides
                return changed
        case ast.Call(func=function, args=arguments) if _name(function) in _NEAR:
            return _in_pair(arguments)
        case ast.BoolOp(op=ast.And(), values=values):
            return max(map(_in_test, values))  # all of them
    return False


def _put(compare: ast.Compare, sides: list[ast.expr]) -> bool:
    compare.left, compare.comparators[0] = sides
    return True


def _in_pair(sides: list[ast.expr]) -> bool:
    """Change one of the first two expressions, if just one of them is written out."""
    written = [at for at, side in enumerate(sides[:2]) if _is_written_out(side)]
    if len(written) != 1 or len(sides) < 2:
        return False
    sides[written[0]] = _other(sides[written[0]])
    return True


def _is_written_out(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and _name(node.func) == "approx":
        return bool(node.args) and _is_written_out(node.args[0])
    if _is_arithmetic(node):
        return True
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _is_arithmetic(node: ast.expr) -> bool:
    """Whether an expression computes a number from numbers that are written out."""
    if isinstance(node, ast.BinOp):
        return _is_arithmetic(node.left) and _is_arithmetic(node.right)
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and _is_arithmetic(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _other(node: ast.expr) -> ast.expr:
    """The expression of another value."""
    if isinstance(node, ast.Call) and node.args:  # approx; set() has none
        return ast.Call(node.func, [_other(node.args[0]), *node.args[1:]], node.keywords)
    if _is_arithmetic(node):  # a sum alone would not change what is as large as 1e300
        return ast.BinOp(ast.UnaryOp(ast.USub(), node), ast.Sub(), ast.Constant(_FAR))
    return ast.parse(repr(_changed(ast.literal_eval(node))), mode="eval").body


def _changed(value: object) -> object:
    """Another value of the same type, where there is one."""
    match value:
        case bool():
            return not value
        case int() | float() | complex():
            return -value - _FAR
        case str():
            return f"{value}~"
        case bytes():
            return value + b"~"
        case list():
            return [*value, _FAR]
        case tuple():
            return (*value, _FAR)
        case set():
            return {*value, _FAR}
        case dict():
            return {**value, "~": _FAR}
    return _FAR


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
