"""Runs inside the sandbox: sees the failures that unittest and doctest count, where the program itself goes on.

`unittest.main(exit=False)`, a runner whose result is printed, `doctest.testmod()`: nothing is raised, so the
frameworks' own counting is listened to. Only ever called in a process that is thrown away.
"""

from __future__ import annotations

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from typing import Any

# Attributes by which a program about testing judges a plain result of its own.
_JUDGED = (".failures", ".errors", ".unexpectedSuccesses", "wasSuccessful")


def listen(tests: str, checked: Callable[[int], None], failed: Callable[[str], None]) -> None:
    """Report how many examples doctest tried, and every failure that one of the two frameworks counts."""
    if "unittest" in tests:
        _listen_to_unittest(any(name in tests for name in _JUDGED), failed)
    if "doctest" in tests:
        _listen_to_doctest(checked, failed)


def _listen_to_unittest(is_judged: bool, failed: Callable[[str], None]) -> None:
    from unittest.result import TestResult

    def wrap(name: str) -> None:
        real = getattr(TestResult, name)

        def listening(result: Any, test: Any, *error: Any) -> Any:
            is_failure = name != "addSubTest" or error[1] is not None
            if is_failure and not (is_judged and type(result) is TestResult):
                failed(f"{test}: {name}")
            return real(result, test, *error)

        setattr(TestResult, name, listening)

    for name in ("addFailure", "addError", "addUnexpectedSuccess", "addSubTest"):
        wrap(name)


def _listen_to_doctest(checked: Callable[[int], None], failed: Callable[[str], None]) -> None:
    import doctest

    real: Any = doctest.DocTestRunner.run

    def run(runner: Any, test: Any, *arguments: Any, **options: Any) -> Any:
        outcome = real(runner, test, *arguments, **options)
        checked(outcome.attempted)
        if outcome.failed and len(arguments) < 2 and not options.get("out"):
            failed(f"{test.name}: {outcome.failed} examples of doctest failed")
        return outcome

    setattr(doctest.DocTestRunner, "run", run)  # noqa: B010  # the type checker refuses the assignment
