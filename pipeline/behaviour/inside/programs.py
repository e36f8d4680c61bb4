"""Runs inside the sandbox: executes a task's or a row's source, and the tests of a task, in this process.

Only ever called in a process that is thrown away.
"""

from __future__ import annotations

import sys

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from typing import Any

    Namespace = dict[str, Any]


def namespace(name: str) -> Namespace:
    """The names of a new module, which its own code can find under this name."""
    module = type(sys)(name)
    sys.modules[name] = module
    return module.__dict__


def execute(source: str, names: Namespace) -> None:
    """Run source among these names."""
    exec(compile(source, f"<{names['__name__']}>", "exec"), names)


def tests_pass(tests: str, names: Namespace) -> bool:
    """Whether a task's tests reach their end among these names; those of unittest ran, and none failed."""
    names["__name__"] = "__main__"
    sys.modules["__main__"] = type(sys)("__main__")
    sys.modules["__main__"].__dict__.update(names)
    names = sys.modules["__main__"].__dict__
    try:
        execute(tests, names)
    except SystemExit as left:
        return not left.code and "unittest" in sys.modules and "unittest" in tests
    except BaseException:
        return False
    return "unittest" not in tests or _unittests_pass(names)


def _unittests_pass(names: Namespace) -> bool:
    """Run the test cases that the tests define, where they do not run them themselves."""
    import io
    import unittest

    loader, suite = unittest.defaultTestLoader, unittest.TestSuite()
    for value in list(names.values()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == "__main__":
            suite.addTests(loader.loadTestsFromTestCase(value))
    if not suite.countTestCases():
        return True
    outcome = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
    return outcome.wasSuccessful() and outcome.testsRun > len(outcome.skipped)


def callables(names: Namespace, module: str) -> list[tuple[str, Any]]:
    """The functions that a module defines itself, the last first; then methods of classes made without arguments."""
    functions, methods = [], []
    for name, value in reversed(list(names.items())):
        if getattr(value, "__module__", None) != module:
            continue
        if isinstance(value, type):
            methods += _methods(name, value)
        elif callable(value) and positional(value) is not None:
            functions.append((name, value))
    return functions + methods


def _methods(name: str, kind: type) -> list[tuple[str, Any]]:
    public = [key for key, value in vars(kind).items() if callable(value) and not key.startswith("_")]
    try:
        made = kind() if public else None
    except BaseException:
        return []
    return [(f"{name}().{key}", getattr(made, key)) for key in reversed(public)]


def positional(function: Any) -> tuple[int, int] | None:
    """The least and the most positional arguments of a function, 99 where there is no limit; None if unknown."""
    wrapped = getattr(function, "__wrapped__", function)
    bound = int(hasattr(wrapped, "__self__"))
    code = getattr(getattr(wrapped, "__func__", wrapped), "__code__", None)
    if code is None:
        return None
    defaults = getattr(wrapped, "__defaults__", None) or ()
    most = code.co_argcount - bound
    return most - len(defaults), 99 if code.co_flags & 4 else most
