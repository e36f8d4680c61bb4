"""Runs inside the sandbox, beside the runner: programs that end by leaving, and programs with a test framework.

Loaded only for a program that mentions one of the frameworks, or a way to leave the process.
- Where a program can leave at its very end, the statement is rewritten so that success falls through to the end
  of the module instead: to leave early and to leave last are then told apart by where the program got to, without
  reading a traceback.
- A failure that unittest, doctest or pytest counts is reported at once, because a program may end normally after it.

What is written into the program's own code is C functions and code: functions that the program could reach could
be given other code.
"""

from __future__ import annotations

import _ast
import posix
import sys

MYPY = False
if MYPY:
    from collections.abc import Callable, Iterator
    from types import CodeType
    from typing import Any

    Run = Callable[[str, dict[str, Any], Callable[[str], CodeType], list[bool]], None]

AST: Any = _ast
ONLY_AST = 0x400
EXITS = ("sys.exit", "exit", "quit", "SystemExit", "builtins.exit", "builtins.quit")
UNITTEST_MAIN = ("unittest.main", "unittest.TestProgram")
LOGGING = ("debug", "info", "warning", "error", "critical", "exception")
EXIT_ARGUMENT = 5  # of unittest.main, counted from 0
# Attributes by which a program judges a result of its own.
RESULT_ATTRIBUTES = (b".failures", b".errors", b".unexpectedSuccesses", b"wasSuccessful")

# The first arguments are constants of the code, put there once it is compiled; the last is the program's.
LEAVE = """(lambda is_integer, is_not_zero, leave, status:
    status is None or (is_integer(status) and not is_not_zero(status)) or leave(status))"""
JUDGE = "(lambda leave, program: None if program.result.wasSuccessful() else leave(1))"
MARK = "\0constant of the runner"


def prepare(source: bytes, fd: int, failed: bytes, script: str) -> Run:
    """Watch the frameworks that the program mentions; a function that runs it."""
    tests = b"unittest" in source or b"doctest" in source
    if tests:
        _watch_unittest(fd, failed, any(name in source for name in RESULT_ATTRIBUTES))
    if b"doctest" in source:
        _watch_doctest(fd, failed)
    if b"pytest.main" in source:
        _watch_pytest(fd, failed)
    return _make_run(script, tests)


def _make_run(script: str, tests: bool) -> Run:
    constants: list[Any] = [int.__instancecheck__, int.__bool__, sys.exit]

    def run(
        source: str,
        namespace: dict[str, Any],
        compile_all: Callable[[str], CodeType],
        begun: list[bool],
    ) -> None:
        tree: Any = compile(source, script, "exec", ONLY_AST, dont_inherit=True)
        if Endings(tree, tests).rewrite():
            code = _with_constants(compile(tree, script, "exec", dont_inherit=True), constants)
        else:
            code = compile_all(source)
        del tree
        begun.append(True)
        exec(code, namespace)

    return run


def _with_constants(code: CodeType, constants: list[Any]) -> CodeType:
    """The code, with the runner's constants where `Endings` left their numbers."""

    def replaced(value: Any) -> Any:
        if type(value) is type(code):
            return _with_constants(value, constants)
        if type(value) is tuple and len(value) == 2 and value[0] == MARK:
            return constants[value[1]]
        return value

    return code.replace(co_consts=tuple(map(replaced, code.co_consts)))


class Endings:
    """Finds the statements with which a program can leave at its very end, and rewrites them in place.

    Such a statement is the last of the module, or of a branch of its last statement, or of a function that is called
    there and nowhere else: whatever it skips is nothing.
    """

    def __init__(self, tree: Any, tests: bool) -> None:
        self.tree, self.tests = tree, tests
        self.changed = False
        self.imported: dict[str, str] = {}  # what a name stands for
        self.bound: set[str] = set()  # names that the program gives to something of its own
        self.functions: dict[str, list[Any]] = {}
        self.uses: dict[str, int] = {}
        for node in _walk(tree):
            self._note(node)

    def rewrite(self) -> bool:
        """Whether anything was to be rewritten."""
        self._block(self.tree.body)
        return self.changed

    def _note(self, node: Any) -> None:
        kind = _kind(node)
        if kind == "Import":
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self.imported[alias.asname or top] = alias.name if alias.asname else top
        elif kind == "ImportFrom" and not node.level:
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if alias.name == "*" and node.module == "unittest":
                    self.imported["main"] = "unittest.main"
        elif kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            self.bound.add(node.name)
            self.functions.setdefault(node.name, []).append(node)
        elif kind == "arg":
            self.bound.add(node.arg)
        elif kind == "Attribute":
            name = f".{node.attr}"
            self.uses[name] = self.uses.get(name, 0) + 1
        elif kind == "Name":
            if _kind(node.ctx) == "Load":
                self.uses[node.id] = self.uses.get(node.id, 0) + 1
            else:
                self.bound.add(node.id)

    def _full_name(self, node: Any) -> str:
        """What a call's function is called where it comes from; empty for what is the program's own."""
        first, _, rest = _dotted(node).partition(".")
        if not first or first in self.bound:
            return ""
        name = f"{self.imported.get(first, first)}.{rest}".rstrip(".")
        return name.replace("unittest.main.", "unittest.", 1)

    def _block(self, body: list[Any]) -> None:
        """Rewrite how a block ends."""
        self._make_branches(body)
        last: Any = body[-1] if body else None
        kind = _kind(last)
        if kind == "If":
            self._block(last.body)
            self._block(last.orelse)
        elif kind == "Match":
            for case in last.cases:
                self._block(case.body)
        elif kind == "Try":
            self._try(last)
        elif kind == "Raise" and not (last.cause and _kind(last.cause) != "Constant"):
            if self._is_exit(last.exc) or (last.exc and self._full_name(last.exc) == "SystemExit"):
                body[-1] = self._leaving(last, last.exc)
        elif kind in ("With", "AsyncWith"):
            if not any("raises" in _dotted(getattr(i.context_expr, "func", None)).lower() for i in last.items):
                self._block(last.body)
        elif kind in ("Return", "Expr"):
            self._value(body, last)

    def _value(self, body: list[Any], last: Any) -> None:
        """Rewrite a last statement that is an expression."""
        if self._is_exit(last.value) or self._is_unittest(last.value):
            body[-1] = self._leaving(last, last.value)
        elif _kind(last) == "Expr" and _kind(last.value) == "IfExp":
            place = _place(last)
            good, bad = ([AST.Expr(value, **place)] for value in (last.value.body, last.value.orelse))
            body[-1] = AST.If(last.value.test, good, bad, **place)
            self._block(body)
        else:
            self._call(last.value)

    def _try(self, node: Any) -> None:
        """An exit in a `try` with a handler for it is the handler's, and one before `else` is not the last."""
        for handler in node.handlers:
            self._block(handler.body)
        if node.orelse:
            self._block(node.orelse)
        elif not any(self._catches_exit(handler.type) for handler in node.handlers):
            self._block(node.body)

    def _catches_exit(self, caught: Any) -> bool:
        names = caught.elts if _kind(caught) == "Tuple" else [caught]
        return not all(_dotted(name).endswith(("Error", "Exception", "Interrupt")) for name in names) or any(
            _dotted(name) == "BaseException" for name in names
        )

    def _call(self, call: Any) -> None:
        """The function or method that a last statement calls, by itself or through asyncio.run."""
        if _kind(call) == "Await":
            call = call.value
        if _kind(call) != "Call":
            return
        if _kind(call.func) == "Attribute" and len(call.args) == 1 and _kind(call.args[0]) == "Call":
            self._function(call.args[0].func, "AsyncFunctionDef")
        self._function(call.func, "FunctionDef")

    def _function(self, name: Any, kind: str) -> None:
        _, dot, called = _dotted(name).rpartition(".")
        found = self.functions.get(called, [])
        if len(found) != 1 or _kind(found[0]) != kind or self.uses.get(dot + called) != 1 or found[0].decorator_list:
            return
        if called in self.imported or any(_kind(node) in ("Yield", "YieldFrom") for node in _walk(found[0])):
            return
        self._block(found[0].body)

    def _make_branches(self, body: list[Any]) -> None:
        """`if good: leave()`, then a message, then `leave(1)`: what follows becomes the `else` that it is."""
        first = len(body)
        while first and (self._is_message(body[first - 1]) or self._leaves(body[first - 1])):
            first -= 1
        if first and first < len(body) and self._leaves(body[-1]):
            branch = body[first - 1]
            if _kind(branch) == "If" and not branch.orelse and self._leaves(branch.body[-1]):
                branch.orelse = body[first:]
                del body[first:]
                self._make_branches(body)

    def _is_message(self, statement: Any) -> bool:
        """A `print` or a line of a log without anything that is computed by a call, which could be a test."""
        if _kind(statement) != "Expr" or _kind(statement.value) != "Call":
            return False
        call = statement.value
        name = self._full_name(call.func) or _dotted(call.func)
        return (name == "print" or name.rpartition(".")[2] in LOGGING) and not any(
            _kind(node) in ("Call", "Await", "NamedExpr")
            for part in (*call.args, *call.keywords)
            for node in _walk(part)
        )

    def _leaves(self, statement: Any) -> bool:
        if _kind(statement) == "If":
            return bool(statement.orelse) and self._leaves(statement.body[-1]) and self._leaves(statement.orelse[-1])
        value: Any = statement.value if _kind(statement) in ("Expr", "Return") else getattr(statement, "exc", None)
        return self._is_exit(value) and not any(_kind(node) == "Call" for arg in value.args for node in _walk(arg))

    def _is_exit(self, node: Any) -> bool:
        return _is_call(node, 1) and not node.keywords and self._full_name(node.func) in EXITS

    def _is_unittest(self, node: Any) -> bool:
        """A call of unittest.main that leaves the process."""
        if not self.tests or not _is_call(node, EXIT_ARGUMENT) or self._full_name(node.func) not in UNITTEST_MAIN:
            return False
        return all(
            keyword.arg and (keyword.arg != "exit" or getattr(keyword.value, "value", None) is True)
            for keyword in node.keywords
        )

    def _leaving(self, statement: Any, value: Any) -> Any:
        """The statement that takes the place of one that leaves: it does so unless that means success."""
        self.changed = True
        place = _place(statement)
        argument: Any = value.args[0] if _kind(value) == "Call" and value.args else AST.Constant(value=None, **place)
        main = value if self._is_unittest(value) else argument
        if self._is_unittest(main):
            main.keywords[:] = [keyword for keyword in main.keywords if keyword.arg != "exit"]
            main.keywords.append(AST.keyword("exit", AST.Constant(value=False, **place), **place))
            return self._expression(JUDGE, (2,), [main], place)
        if _kind(value) == "Call":
            self._call(argument)
        return self._expression(LEAVE, (0, 1, 2), [argument], place)

    def _expression(self, text: str, constants: tuple[int, ...], rest: list[Any], place: dict[str, int]) -> Any:
        function: Any = compile(text, "<runner>", "eval", ONLY_AST, dont_inherit=True)
        for node in _walk(function.body):
            if hasattr(node, "lineno"):
                for name, value in place.items():
                    setattr(node, name, value)
        arguments = [AST.Constant(value=(MARK, number), **place) for number in constants]
        return AST.Expr(AST.Call(function.body, [*arguments, *rest], [], **place), **place)


def _walk(node: Any) -> Iterator[Any]:
    """A node and all below it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current
        elif hasattr(current, "_fields"):
            yield current
            waiting += [getattr(current, name, None) for name in current._fields]


def _is_call(node: Any, most: int) -> bool:
    """Whether a node is a call with at most so many arguments and none starred."""
    return _kind(node) == "Call" and len(node.args) <= most and not any(_kind(a) == "Starred" for a in node.args)


def _kind(node: Any) -> str:
    return type(node).__name__


def _dotted(node: Any) -> str:
    if _kind(node) == "Attribute":
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if _kind(node) == "Name" else ""  # of a computed value only the attributes' names


def _place(node: Any) -> dict[str, Any]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    return {name: getattr(node, name) for name in names}


def _watch_unittest(fd: int, failed: bytes, judges_itself: bool) -> None:
    """Report what a result counts; not what a plain TestResult does in a program that looks at it."""
    from unittest.result import TestResult as result

    def counts(arguments: Any) -> bool:
        return not (judges_itself and type(arguments[0]) is result)

    for name in ("addFailure", "addError", "addUnexpectedSuccess"):
        _wrap(result, name, lambda arguments, _, __: counts(arguments), fd, failed)
    _wrap(result, "addSubTest", lambda arguments, _, __: arguments[3] is not None and counts(arguments), fd, failed)


def _watch_doctest(fd: int, failed: bytes) -> None:
    """Report what a runner counts, unless its caller takes the report and so the judgement."""
    import doctest

    _wrap(
        doctest.DocTestRunner,
        "run",
        lambda arguments, options, outcome: bool(outcome.failed) and not (len(arguments) > 3 or options.get("out")),
        fd,
        failed,
    )


def _watch_pytest(fd: int, failed: bytes) -> None:
    """Report a run that did not succeed; nothing where pytest is not staged."""
    try:
        pytest: Any = __import__("pytest")
    except ImportError:
        return
    _wrap(pytest, "main", lambda _, __, outcome: outcome != 0, fd, failed)


def _wrap(owner: Any, name: str, is_failure: Callable[[Any, Any, Any], bool], fd: int, failed: bytes) -> None:
    """Report a failure whenever a method is called and `is_failure(its arguments, its options, its result)`."""
    real, write = getattr(owner, name), posix.write

    def wrapper(*arguments: Any, **options: Any) -> Any:
        outcome = real(*arguments, **options)
        if is_failure(arguments, options, outcome):
            write(fd, failed)
        return outcome

    setattr(owner, name, wrapper)
