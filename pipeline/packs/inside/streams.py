"""Runs in the sandbox: a program with one standard input after the other, or a method with one call after the other.

LiveCodeBench's rules (lcb_runner/evaluation/testing_util.py): an answer finds names of the standard library imported;
lines are equal without the space around them, or all their numbers are; a value is equal to the one in JSON, where a
tuple that is returned counts as a list; with which code a program exits is of no interest.
"""

from __future__ import annotations

import json
import os
import sys

MYPY = False
if MYPY:
    from typing import Any

    from pipeline.packs.inside.trial import _brief, _time_limit, function_of, unpacked  # at run time one file

_SECONDS = 6.0  # of processor time for each case: LiveCodeBench's limit
_ALL_OF = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json"
)
_NAMES = _ALL_OF.split(" ")
_BEFORE = "".join(f"from {name} import *\n" for name in (*_NAMES, "builtins", "typing"))
_BEFORE += f"import {', '.join(_NAMES)}\nsys.setrecursionlimit(50000)\n"


def check_cases(source: str, cases: str, function: str) -> None:
    """Raise AssertionError for the first case whose output is not the expected one."""
    getattr(sys, "set_int_max_str_digits", int)(50_000)  # LiveCodeBench's; Python 3.10.7 and later
    pairs = unpacked(cases)
    limited = _time_limit()
    for number, (given, expected) in enumerate(pairs):
        limited(_SECONDS)
        out = _called(source, function, given) if function else _written(source, given)
        limited(0)
        right = _is_value(out, expected) if function else _is_text(out, expected)
        if not right:
            raise AssertionError(f"case {number}: {_brief(out)}, expected {_brief(expected)}")


def _called(source: str, function: str, given: str) -> Any:
    """What the method of a new `Solution` returns; each line of the input is an argument."""
    solution = function_of(source, "Solution", _BEFORE)()
    return getattr(solution, function)(*(json.loads(line) for line in given.split("\n") if line.strip()))


def _written(source: str, given: str) -> str:
    """What the program writes, run as a script with the input on descriptor 0."""
    stdin, stdout = os.dup(0), os.dup(1)
    streams = sys.stdin, sys.stdout
    _redirect("given", given, 0)
    _redirect("written", "", 1)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    module = type(sys)("__main__")
    try:
        exec(_BEFORE, module.__dict__)  # after the streams are there: it imports them from sys
        exec(compile(source, "answer.py", "exec", dont_inherit=True), module.__dict__)
    except SystemExit:
        pass
    finally:
        sys.stdout.flush()
        sys.stdin, sys.stdout = streams
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        os.close(stdin)
        os.close(stdout)
    with open("written", errors="replace") as file:
        return file.read()


def _redirect(name: str, text: str, descriptor: int) -> None:
    """Make a descriptor that of a file with this content."""
    with open(name, "w") as file:
        file.write(text)
    opened = os.open(name, os.O_RDWR)
    os.dup2(opened, descriptor)
    os.close(opened)


def _is_value(out: Any, expected: str) -> bool:
    return bool((list(out) if isinstance(out, tuple) else out) == json.loads(expected))


def _is_text(out: str, expected: str) -> bool:
    lines, wanted = ([line.strip() for line in text.strip().split("\n")] for text in (out, expected))
    if len(lines) != len(wanted):
        return False
    return all(line == other or _same_numbers(line, other) for line, other in zip(lines, wanted, strict=True))


def _same_numbers(line: str, other: str) -> bool:
    numbers = _numbers(line)
    return numbers is not None and numbers == _numbers(other)


def _numbers(line: str) -> list[Any] | None:
    from decimal import Decimal, InvalidOperation

    try:
        return [Decimal(part) for part in line.split()]
    except InvalidOperation:
        return None
