"""Runs inside the sandbox, beside the runner: programs that end by leaving, and programs with a test framework.

Loaded only for a program that mentions unittest or doctest, or whose last line may leave the process.
- A program whose last statement is `sys.exit(...)` or `unittest.main()` is run in two parts, so that leaving
  at the very end is distinguished from leaving early without reading a traceback.
- A failure that unittest or doctest counts is reported at once, because a program may end normally after it.
- At the end unittest and doctest must consist of the same functions as at the start.

Whatever runs after the program's code is a closure that was only ever on a value stack: a function that the
program could reach could be given other code.
"""

from __future__ import annotations

import builtins
import posix
import sys

MYPY = False
if MYPY:
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any

    Run = Callable[[str, dict[str, Any], Callable[[str], CodeType], list[bool]], None]

ONLY_AST = 0x400
UNITTEST = (
    "unittest",
    *(f"unittest.{name}" for name in ("case", "loader", "main", "result", "runner", "suite")),
)
# Attributes of unittest's classes that programs set for honest reasons.
SETTINGS = (
    "maxDiff",
    "longMessage",
    "sortTestMethodsUsing",
    "shortDescription",
    "testMethodPrefix",
)
EXIT_ARGUMENT = 5  # of unittest.main, counted from 0


def prepare(
    source: bytes,
    fd: int,
    changed: type[Exception],
    failed: bytes,
    script: str,
    leavers: tuple[str, ...],
) -> tuple[Run, Callable[[], None]]:
    """Watch the frameworks that the program mentions; a function that runs it, and one that checks them after it."""
    watched: list[ModuleType] = []
    if b"unittest" in source or b"doctest" in source:
        watched += _watch_unittest(fd, failed)
    if b"doctest" in source:
        watched.append(_watch_doctest(fd, failed))
    tests = watched[0].main if watched else None
    return _make_run(script, leavers, tests, changed), _make_check(watched, changed)


def _make_run(script: str, leavers: tuple[str, ...], tests: object, changed: type[Exception]) -> Run:
    def run(
        source: str,
        namespace: dict[str, Any],
        compile_all: Callable[[str], CodeType],
        begun: list[bool],
    ) -> None:
        parts = _split(source, script)
        if parts is None:
            code = compile_all(source)
            begun.append(True)
            exec(code, namespace)
            return
        before, statement, value, name = parts
        steps: list[Any] = [
            before,
            exec,
            _make_finish(namespace, leavers, tests, changed, statement, value, name),
        ]
        del parts, before, statement, value
        begun.append(True)
        steps.pop()(steps.pop()(steps.pop(), namespace))
        # finish    exec        before

    return run


def _make_finish(
    namespace: dict[str, Any],
    leavers: tuple[str, ...],
    tests: object,
    changed: type[Exception],
    statement: CodeType,
    value: CodeType,
    name: str,
) -> Callable[[None], None]:
    """A function that runs the last statement, and leaves with its status unless that means success."""
    first, _, rest = name.partition(".")
    execute, evaluate, leave, module = exec, eval, sys.exit, type(sys)
    names, modules = builtins.__dict__, sys.modules

    def finish(_: None) -> None:
        called: Any = namespace.get(first, names.get(first))
        if rest:
            called = called.__dict__.get(rest) if type(called) is module else None
        if called is not None and called is tests:
            result = evaluate(value, namespace).result
            own = type(result).__module__ == "unittest.runner"
            if not own or "load_tests" in modules["__main__"].__dict__:
                raise changed("unittest did not run the program's own tests")
            if result.failures or result.errors or result.unexpectedSuccesses:
                leave(1)
            if not result.testsRun > len(result.skipped):
                leave(1)
        elif called is leave or called is SystemExit or (name in leavers and called is names.get(name)):
            status = evaluate(value, namespace)
            if status is not None and not (type(status) in (int, bool) and status == 0):
                leave(status)
        else:
            execute(statement, namespace)

    return finish


def _watch_unittest(fd: int, failed: bytes) -> list[ModuleType]:
    for name in UNITTEST:
        __import__(name)
    result = sys.modules["unittest.result"].TestResult
    for name in ("addFailure", "addError", "addUnexpectedSuccess"):
        _wrap(result, name, lambda arguments, _: True, fd, failed)
    _wrap(result, "addSubTest", lambda arguments, _: arguments[3] is not None, fd, failed)
    return [sys.modules[name] for name in UNITTEST]


def _watch_doctest(fd: int, failed: bytes) -> ModuleType:
    import doctest

    _wrap(doctest.DocTestRunner, "run", lambda _, outcome: bool(outcome.failed), fd, failed)
    return doctest


def _wrap(owner: type, name: str, is_failure: Callable[[Any, Any], bool], fd: int, failed: bytes) -> None:
    """Report a failure whenever a method is called and `is_failure(arguments, its result)`."""
    real, write = getattr(owner, name), posix.write

    def wrapper(*arguments: Any, **options: Any) -> Any:
        outcome = real(*arguments, **options)
        if is_failure(arguments, outcome):
            write(fd, failed)
        return outcome

    setattr(owner, name, wrapper)


def _make_check(watched: list[ModuleType], changed: type[Exception]) -> Callable[[], None]:
    """A function that raises `changed` when the modules are not what they are now."""
    tables: list[tuple[str, Any, dict[str, Any], bool]] = []
    functions: list[tuple[Any, tuple[object, ...]]] = []

    def contents(function: Any) -> tuple[object, ...]:
        cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
        return (function.__code__, function.__defaults__, function.__kwdefaults__, *cells)

    def keep(owner: str, table: Any, open_to_more: bool) -> None:
        tables.append((owner, table, dict(table), open_to_more))
        for value in list(table.values()):
            if type(value) is type(contents):
                functions.append((value, contents(value)))

    for module in watched:
        keep(module.__name__, module.__dict__, True)
        for value in list(module.__dict__.values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                keep(value.__qualname__, value.__dict__, False)
            elif type(value).__module__ == "unittest.loader":
                keep("defaultTestLoader", value.__dict__, False)

    def check() -> None:
        for owner, now, then, open_to_more in tables:
            for name, value in then.items():
                if now.get(name) is not value and callable(value) and name not in SETTINGS:
                    raise changed(f"{owner}.{name} was replaced")
            if not open_to_more:
                for name in list(now):
                    if name not in then and name not in SETTINGS:
                        raise changed(f"{owner}.{name} was added")
        for function, then_contents in functions:
            for one, other in zip(contents(function), then_contents, strict=True):
                if one is not other:
                    raise changed(f"{function.__qualname__} was given other code")

    return check


def _split(source: str, script: str) -> tuple[CodeType, CodeType, CodeType, str] | None:
    """The parts of a program whose last statement leaves the process; None for any other.

    The code before that statement; the statement; what it leaves with, as an expression; what it calls.
    """
    tree: Any = compile(source, script, "exec", ONLY_AST, dont_inherit=True)
    last_exit = _last_exit(tree)
    if last_exit is None:
        return None
    import _ast

    body, call, argument = last_exit
    last = body.pop()
    if not body:
        body.append(_ast.Pass(**_place(last)))
    name = _dotted(call.func) if call else "SystemExit"
    before = compile(tree, script, "exec", dont_inherit=True)
    statement = compile(_ast.Module([last], []), script, "exec", dont_inherit=True)
    value = argument or _ast.Constant(value=None, **_place(last))
    if name.endswith("main"):
        stay = _ast.Constant(value=False, **_place(call))
        call.keywords.append(_ast.keyword(arg="exit", value=stay, **_place(call)))
        value = call
    expression = compile(_ast.Expression(value), script, "eval", dont_inherit=True)
    return before, statement, expression, name


def _last_exit(tree: Any) -> tuple[list[Any], Any, Any] | None:
    """Where a module ends with a call that leaves the process: (statements, call, argument or None)."""
    body = tree.body
    if body and _kind(body[-1]) == "If" and not body[-1].orelse and _is_main_guard(body[-1].test):
        body = body[-1].body
    last: Any = body[-1] if body else None
    call: Any = None
    if _kind(last) == "Raise" and not last.cause:
        call = last.exc
        if _dotted(call) == "SystemExit":
            return body, None, None
        leaves = _calls(call, ("SystemExit",), most=1) and not call.keywords
    elif _kind(last) == "Expr":
        call = last.value
        if _calls(call, ("unittest.main", "main"), most=EXIT_ARGUMENT):
            decided = any(keyword.arg in ("exit", None) for keyword in call.keywords)
            return None if decided else (body, call, None)
        leaves = _calls(call, ("sys.exit", "exit", "quit"), most=1) and not call.keywords
    else:
        return None
    return (body, call, call.args[0] if call.args else None) if leaves else None


def _calls(node: Any, names: tuple[str, ...], most: int) -> bool:
    """Whether a node calls one of these names, with at most so many arguments and none starred."""
    return (
        _kind(node) == "Call"
        and _dotted(node.func) in names
        and len(node.args) <= most
        and not any(_kind(argument) == "Starred" for argument in node.args)
    )


def _is_main_guard(test: Any) -> bool:
    if _kind(test) != "Compare" or len(test.ops) != 1 or _kind(test.ops[0]) != "Eq":
        return False
    sides = (test.left, test.comparators[0])
    names = [_dotted(side) for side in sides]
    return "__name__" in names and any(getattr(side, "value", None) == "__main__" for side in sides)


def _kind(node: Any) -> str:
    return type(node).__name__


def _dotted(node: Any) -> str:
    if _kind(node) == "Attribute":
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if _kind(node) == "Name" else ""


def _place(node: Any) -> dict[str, Any]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    return {name: getattr(node, name) for name in names}
