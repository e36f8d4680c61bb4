"""Makes the program that verifies one response in the sandbox, and judges its report.

In: a response, the tests of the instruction's other responses. Out: Python source for the sandbox; then, from
the report on its standard output, the facts for a record or the rule that the tests break.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.records import Rejection, Rules, Verification
from pipeline.verification import instrument
from pipeline.verification.mutants import mutants
from sandbox.falsification import Falsified

RULES: Rules = {
    "flaky_tests": "The program passed once and failed when it ran again, or under other circumstances.",
    "tests_redefine": "The tests define a name of the response again, so that they test themselves.",
    "response_not_called": "The response defines functions, and its tests call none of them.",
    "no_assert_ran": "No assert of the tests was executed, and no mutant was noticed.",
    "vacuous_tests": "Mutants of the response ran, and the tests noticed none of them.",
    "passes_when_wrong": (
        "The response passes as well when each check of its tests fails, or when all that they use of it is wrong."
    ),
    "not_verified": "The verification program gave no report: it was ended, or the sandbox failed.",
}

_SPARE_MUTANTS = 4  # times as many are made as are run: those in called functions run first
_TIME_SHARE = 0.8  # of the program's wall limit, for the harness

# Modules by which a program may behave differently the next time.
_CHANCY = frozenset(
    ("random", "secrets", "uuid", "time", "datetime", "tempfile", "os", "numpy", "threading",
     "asyncio", "multiprocessing", "concurrent")
)  # fmt: skip
_INSIDE = ("values", "circumstances", "frameworks", "harness")  # modules that go into the program, in this order


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a verification may run: numbers of runs; `seconds` is the wall limit of the program."""

    max_mutants: int = 16
    max_others: int = 8
    repeats: int = 20
    hash_seeds: int = 5
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Other:
    """Another response to the same instruction, with its tests."""

    id: str
    code: str
    tests: str


def program(id: str, code: str, tests: str, others: Sequence[Other], bounds: Bounds) -> str:
    """The source of the verification program of a response."""
    whole = f"{code.rstrip()}\n\n{tests.rstrip()}\n"
    imported = instrument.imports(whole)
    hash_seeds = bounds.hash_seeds if instrument.uses_hashes(whole) else min(1, bounds.hash_seeds)
    made = mutants(code, _SPARE_MUTANTS * bounds.max_mutants)
    job = {
        "code": code,
        "tests": tests,
        "program": whole,
        "instrumented_code": instrument.reporting_calls(code),
        "instrumented_tests": instrument.reporting_asserts(tests),
        "raises": instrument.lines_that_raise(tests),
        "names": tuple(instrument.defined(code)),
        "entry": _entry(code),
        "mutants": [(mutant.function, mutant.source) for mutant in made],
        "max_mutants": bounds.max_mutants,
        "others": [(other.id, other.code, other.tests, _entry(other.code)) for other in others[: bounds.max_others]],
        "uses": (*imported, *(["id()"] if instrument.uses_addresses(whole) else [])),
        "repeats": bounds.repeats if imported & _CHANCY else min(1, bounds.repeats),
        "hash_seeds": hash_seeds,
        "seconds": _TIME_SHARE * bounds.seconds,
    }
    return f"{_harness()}print({_mark(id)!r} + repr(verify({job!r})))\n"


def read_report(id: str, stdout: str) -> dict[str, Any] | None:
    """The report that the program of a response printed; None without one."""
    _, mark, line = stdout.rpartition(_mark(id))
    try:
        report = ast.literal_eval(line.strip()) if mark else None
    except (SyntaxError, ValueError):
        return None
    return report if isinstance(report, dict) else None


def weakness(report: Mapping[str, Any], code: str) -> Rejection | None:
    """The rule by which passing the tests proves little or nothing; None where it proves something."""
    if report["first"] != "passed":
        return Rejection("flaky_tests", f"it passed once, then not: {report['error']}")
    if report["redefined"]:
        return Rejection("tests_redefine", ", ".join(report["redefined"]))
    if report["flaky"]:
        return Rejection("flaky_tests", report["flaky"])
    if instrument.has_functions(code) and not report["called"]:
        return Rejection("response_not_called", "the tests call no function of the response")
    if not report["asserts"] and not report["noticed"]:
        return Rejection("no_assert_ran", "no assert of the tests was executed")
    if report["mutants"] and not report["noticed"]:
        return Rejection("vacuous_tests", f"none of {report['mutants']} mutants failed an assert")
    return None


def falsity(falsified: Falsified) -> Rejection | None:
    """The rule by which a pass means nothing, whatever its verification reported; None where it held."""
    if falsified.fault:
        return Rejection("not_verified", "the sandbox failed when the pass was falsified")
    return Rejection("passes_when_wrong", falsified.evidence) if falsified.evidence else None


def facts(id: str, report: Mapping[str, Any]) -> Verification:
    """The record of a verified response."""
    return {
        "id": id,
        "asserts": report["asserts"],
        "functions": report["called"],
        "mutants": report["mutants"],
        "killed": report["killed"],
        "agrees": report["agrees"],
        "supports": report["supports"],
        "asked": report["asked"],
        "inputs": report["inputs"],
        "behaviour": report["behaviour"],
    }


def _entry(code: str) -> str:
    """The name by which tests most likely call the code: the last that it defines."""
    return next(reversed(instrument.defined(code)), "")


def _mark(id: str) -> str:
    """The mark before the report, which no program prints by accident."""
    return f"verified {hashlib.sha256(id.encode()).hexdigest()} "


@cache
def _harness() -> str:
    """Source that defines `verify` where nothing of this project is installed."""
    texts = {name: (Path(__file__).parent / "inside" / f"{name}.py").read_text("utf-8") for name in _INSIDE}
    return f"""import sys
for name in ("pipeline", "pipeline.verification", "pipeline.verification.inside"):
    sys.modules[name] = type(sys)(name)
for name, text in {texts!r}.items():
    module = sys.modules["pipeline.verification.inside." + name] = type(sys)(name)
    exec(compile(text, name, "exec"), module.__dict__)
verify = module.verify
"""
