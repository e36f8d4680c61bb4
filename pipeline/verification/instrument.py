"""Rewrites code and tests to report, while they run, which functions were called and how many asserts executed.

A call of `__called__("Class.method")` opens every function of a response; `__asserted__()` stands before every
assert of its tests, unittest's included. The harness provides both names.
"""

from __future__ import annotations

import ast

from pipeline.text.normalise import is_assert, parse

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def reporting_calls(code: str) -> str:
    """The code, each function of which reports its call."""
    tree = parse(code)
    if tree is None:
        return code
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, scope = pending.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            scope = f"{scope}.{node.name}".lstrip(".")
        pending += [(child, scope) for child in ast.iter_child_nodes(node)]
        if isinstance(node, _FUNCTIONS):
            after_docstring = 1 if ast.get_docstring(node, clean=False) is not None else 0
            node.body.insert(after_docstring, _call("__called__", ast.Constant(scope)))
    return ast.unparse(ast.fix_missing_locations(tree))


def reporting_asserts(tests: str) -> str:
    """The tests, each assert of which reports its execution."""
    tree = parse(tests)
    if tree is None:
        return tests
    _Asserts().visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree))


class _Asserts(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        return [_call("__asserted__"), node] if is_assert(node) else node


def _call(name: str, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), list(arguments), []))


def defined(code: str) -> list[str]:
    """Names of the top-level functions and classes, in order."""
    tree = parse(code)
    body = tree.body if tree else []
    return [node.name for node in body if isinstance(node, (*_FUNCTIONS, ast.ClassDef))]


def entry(code: str) -> str:
    """The name by which tests most likely call the code: the last that it defines."""
    return next(reversed(defined(code)), "")


def has_functions(code: str) -> bool:
    """Whether the code has a function whose calls can be seen."""
    tree = parse(code)
    return any(isinstance(node, _FUNCTIONS) for node in (ast.walk(tree) if tree else ()))


def imports(source: str) -> set[str]:
    """The top-level names of the modules that a program imports anywhere."""
    tree = parse(source)
    modules: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            modules.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module.partition(".")[0])
    return modules


def lines_that_raise(tests: str) -> list[int]:
    """Numbers of the lines that raise statements stand on."""
    tree = parse(tests)
    return [
        line
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.Raise)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    ]


def uses_hashes(source: str) -> bool:
    """Whether the outcome may depend on hashes or addresses: sets, hash() or id() are in the program."""
    tree = parse(source)
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Set() | ast.SetComp() | ast.Name(id="set" | "frozenset" | "hash" | "id"):
                return True
            case ast.BinOp(left=ast.Call(func=ast.Attribute(attr="keys" | "items"))):
                return True  # views of dictionaries make sets
    return False


def uses_addresses(source: str) -> bool:
    """Whether the outcome may depend on where objects lie in memory."""
    tree = parse(source)
    return any(isinstance(node, ast.Name) and node.id in ("id", "hash") for node in (ast.walk(tree) if tree else ()))
