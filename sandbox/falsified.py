"""Makes of a response and its tests programs in which the tests can no longer be right.

- `checks_false`: the checks of the tests expect other values (expectations.py), or a line that fails follows them.
- `each_check_refused`: each of these checks alone has to fail; this program passes where they do.
- `values_looked_at`: what else the tests compare equals nothing where it lies (comparisons.py, inside/honest.py);
  this program passes as before.
- `results_wrong`: after the response's code has run and before its tests, every name of it that they use is given to
  something wrong (inside/wrong.py).

Pure functions from texts to texts.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sandbox.comparisons import look_at_values
from sandbox.expectations import expect_otherwise

# Written when all is wrong and the tests begin: a program that failed before that showed nothing.
MARK = "[the results are wrong from here on]"
_REACHED = f"__import__('posix').write(1, b{MARK!r})"
_WORD = re.compile(r"[^\W\d]\w*")
_EXAMPLE = re.compile(r"^([ \t]*)>>> ", re.MULTILINE)
_EXCEPTIONS = ("Error", "Exception", "Warning", "Exit", "Interrupt", "Iteration")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def together(code: str, tests: str) -> str:
    """The program that a response and its tests are."""
    return f"{code.rstrip()}\n\n{tests.rstrip()}\n"


def checks_false(code: str, tests: str) -> str | None:
    """The program in which the checks of the tests cannot be true; None where no check is found.

    A check that names the value that it expects expects another one. Where none does, a line that fails follows every
    check, every function named test, and every example for doctest.
    """
    response, checks = _parsed(code), _parsed(tests)
    if response is None or checks is None:
        return None
    blocks = [*_blocks_of_tests(checks)]
    changed = [expect_otherwise(node) for block in blocks for node in block]
    if not any(changed):
        added = [_fail_after_checks(block) for block in blocks]
        added += [_fail_at_the_end(node) for node in ast.walk(checks) if isinstance(node, _Function)]
        if "doctest" in tests:
            added += [_fail_in_examples(tree) for tree in (response, checks)]
            code = _text(response)
        if not any(added):
            return None
    return together(code, _text(checks))


def each_check_refused(code: str, tests: str) -> str | None:
    """The program that goes on where a check that expects another value fails, and fails where one holds.

    None where no check names the value that it expects.
    """
    checks = _parsed(tests)
    if checks is None:
        return None
    refusing = _Refusing()
    refusing.visit(checks)
    return together(code, _text(checks)) if refusing.found else None


def values_looked_at(code: str, tests: str) -> str | None:
    """The program in which a value that lies equals nothing; None where the other programs show as much."""
    checks = _parsed(tests)
    if checks is None or not look_at_values(checks):
        return None
    _take_future(checks)
    text = f"__agreeable__ = False\n{_text_inside('wrong.py')}\n{_text_inside('honest.py')}"
    return together(together(code, text), _text(checks))


def results_wrong(code: str, tests: str, agreeable: bool) -> str | None:
    """The program in which all that tests use of the response is wrong; None where one of the two is no Python.

    agreeable   the wrong results are true and equal to everything; else false and equal to nothing
    """
    response, checks = _parsed(code), _parsed(tests)
    if response is None or checks is None:
        return None
    wrong = _wrong_names(response, checks, set(_WORD.findall(tests)), "doctest" in tests)
    _Unpacking().visit(checks)
    _take_future(checks)
    text = f"__agreeable__ = {agreeable}\n{_text_inside('wrong.py')}\n{_text(ast.Module(wrong, []))}\n{_REACHED}"
    return together(together(code, text), _text(checks))


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _text(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree))


def _take_future(checks: ast.Module) -> None:
    """Remove the future statements, which can stand nowhere but at the very beginning."""
    future = [node for node in checks.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    checks.body = [node for node in checks.body if node not in future]


@cache
def _text_inside(name: str) -> str:
    """The text of a file of inside/ without what is for the reader and the type checker alone."""
    tree = ast.parse((Path(__file__).parent / "inside" / name).read_text("utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.ClassDef | _Function) or _binds_wrong(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, _Function):
            node.returns = None
    return ast.unparse(tree)


def _binds_wrong(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and _names(node.targets[0]) == ["__wrong__"]


def _blocks_of_tests(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The blocks that an honest run of the tests reaches: of the module, of functions, of the loops in them."""
    pending = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, _Function))]
    while pending:
        block = pending.pop()
        yield block
        for node in block:
            is_guard = isinstance(node, ast.If) and "__name__" in _names(node.test)
            if is_guard or (isinstance(node, ast.For | ast.With | ast.AsyncWith) and not _is_check(node)):
                pending.append(node.body)  # type: ignore[attr-defined]


def _is_check(node: ast.stmt) -> bool:
    """Whether a statement is an assert, a call named assert..., or a block that must raise."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return any("raises" in ast.unparse(item.context_expr).lower() for item in node.items)
    return isinstance(node, ast.Assert) or _called(getattr(node, "value", None)).startswith("assert")


def _called(value: ast.AST | None) -> str:
    """The last name of the function that an expression calls; empty where it calls none."""
    value = value.value if isinstance(value, ast.Await) else value
    names = _names(value.func) if isinstance(value, ast.Call) else []
    return names[0] if names else ""


def _fail_after_checks(block: list[ast.stmt]) -> bool:
    checks = [at for at, node in enumerate(block) if _is_check(node)]
    for at in reversed(checks):
        block.insert(at + 1, ast.Assert(ast.Constant(None)))
    return bool(checks)


def _fail_at_the_end(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A failing line before each end of a function that is a test by its name."""
    if not node.name.startswith("test"):
        return False
    returns = [at for at, statement in enumerate(node.body) if isinstance(statement, ast.Return)]
    for at in (len(node.body), *reversed(returns)):
        node.body.insert(at, ast.Assert(ast.Constant(None)))
    return True


def _fail_in_examples(tree: ast.Module) -> bool:
    """A failing example at the end of each text with examples."""
    added = False
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Constant) and isinstance(text, str) and (found := _EXAMPLE.search(text)):
            node.value = f"{text.rstrip()}\n\n{found[1]}>>> 'falsified'\n{found[1]}fails\n{found[1]}"
            added = True
    return added


class _Refusing(ast.NodeTransformer):
    """Gives each check another expected value, and fails where it holds nevertheless."""

    found = False

    def visit(self, node: ast.AST) -> ast.AST:
        if _must_fail(node):
            return node
        if not isinstance(node, ast.Assert | ast.Expr) or not expect_otherwise(node):
            return self.generic_visit(node)
        self.found = True
        return ast.Try([node], [ast.ExceptHandler(None, None, [ast.Pass()])], [ast.Assert(ast.Constant(None))], [])


def _must_fail(node: ast.AST) -> bool:
    """Whether the checks in a block have to fail: it must raise, or is a test that is expected to fail."""
    if isinstance(node, _Function):
        return any("fail" in ast.unparse(decorator).lower() for decorator in node.decorator_list)
    return isinstance(node, ast.With | ast.AsyncWith) and _is_check(node)


class _Unpacking(ast.NodeTransformer):
    """Gives assignments to several names as many wrong results as they take."""

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        target = node.targets[0]
        if isinstance(target, ast.Tuple | ast.List) and not any(isinstance(e, ast.Starred) for e in target.elts):
            several = ast.Tuple([ast.Name("__wrong__", ast.Load())] * len(target.elts), ast.Load())
            once = ast.NamedExpr(ast.Name("__given__", ast.Store()), node.value)
            is_wrong = ast.Compare(once, [ast.Is()], [ast.Name("__wrong__", ast.Load())])
            node.value = ast.IfExp(is_wrong, several, ast.Name("__given__", ast.Load()))
        return node


def _wrong_names(response: ast.Module, checks: ast.Module, used: set[str], by_doctest: bool) -> list[ast.stmt]:
    """Statements that give every name of the response that the tests use to something wrong of its kind.

    No other: with the rest of its names a response that makes comparisons lie goes on to do so.
    """
    kept = {"__wrong__", *_imported(response), *_imported(checks)}
    wrong: dict[str, ast.stmt] = {}
    exceptions: set[str] = set()
    for node in _outside_definitions(response):
        if isinstance(node, _Function):
            wrong[node.name] = _wrong_function(node)
        elif isinstance(node, ast.ClassDef):
            if any(base in exceptions or base.endswith(_EXCEPTIONS) for b in node.bases for base in _names(b)):
                exceptions.add(node.name)
            wrong[node.name] = _wrong_class(node, node.name in exceptions)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            wrong.setdefault(node.id, _wrong_value(node.id))
    for name in sorted(_free(checks) - wrong.keys()):  # bound in a way that the text does not show
        wrong[name] = _wrong_value(name)
    return [
        statement
        for name, statement in wrong.items()
        if name not in kept and (name in used or (by_doctest and ">>>" in _text(ast.Module([statement], []))))
    ]


def _outside_definitions(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope, definitions without what is in them."""
    pending: list[ast.AST] = [*reversed(tree.body)]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _Function | ast.ClassDef | ast.Lambda):
            pending += reversed([*ast.iter_child_nodes(node)])


def _imported(tree: ast.Module) -> set[str]:
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def _free(tree: ast.Module) -> set[str]:
    """The names that a module reads and nothing in it binds, but for built-ins."""
    bound = {*dir(builtins), "__file__"}
    read: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, _Function | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
    return read - bound


def _names(tree: ast.AST) -> list[str]:
    """The names and attributes in an expression."""
    nodes = [*ast.walk(tree)]
    return [n.id if isinstance(n, ast.Name) else n.attr for n in nodes if isinstance(n, ast.Name | ast.Attribute)]


def _wrong_value(name: str) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], ast.Name("__wrong__", ast.Load()))


def _wrong_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    """A function with the same docstring, for doctest, that gives something wrong for all arguments."""
    text = f"def {node.name}(*_, **__):\n    return __wrong__\n"
    made = ast.parse(f"async {text}" if isinstance(node, ast.AsyncFunctionDef) and not _yields(node) else text).body[0]
    assert isinstance(made, _Function)
    made.body[:0] = _docstring(node)
    return made


def _wrong_class(node: ast.ClassDef, is_exception: bool) -> ast.stmt:
    """A class whose objects are wrong in every way; of an exception, another one."""
    base = "Exception" if is_exception else "__Wrong__"
    documented = [
        _wrong_function(item)
        for item in node.body
        if isinstance(item, _Function) and not item.name.startswith("__") and _docstring(item)
    ]
    made = ast.parse(f"class {node.name}({base}): pass").body[0]
    assert isinstance(made, ast.ClassDef)
    made.body[:0] = [*_docstring(node), *([] if is_exception else documented)]
    return made


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.stmt]:
    """The docstring's statement where it has examples."""
    return node.body[:1] if ">>>" in (ast.get_docstring(node, clean=False) or "") else []


def _yields(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node))
