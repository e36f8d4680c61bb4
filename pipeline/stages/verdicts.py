"""A sandbox result as a record: the verdict on one program."""

from __future__ import annotations

from pipeline.records import Rejection, Rules, Verdict
from pipeline.stages.stage import Outcome
from sandbox import Result

STDERR_KEPT = 2000  # characters, from the end

RULES: Rules = {
    "sandbox_error": "The sandbox could not judge the program: a fault of the machine, not of the response.",
}

HINTS: Rules = {
    "not_passed": "more [responses] samples, or a stronger model; `selfcodealign explain ID` shows an answer",
    "sandbox_error": "`python -m sandbox check` shows more",
}


def outcome(result: Result) -> Outcome:
    """The outcome of a program: its verdict, whether it passed or not; rejected is only what cannot be judged."""
    spent = {"executions": 1, "wall_s": result.wall_s, "cpu_s": result.cpu_s}
    if result.status == "sandbox_error":
        return Outcome(result.id, Rejection(result.status, result.detail), spent)
    return Outcome(result.id, dict(verdict(result)), spent)


def verdict(result: Result) -> Verdict:
    """The record of a result."""
    return {
        "id": result.id,
        "passed": result.passed,
        "status": result.status,
        "detail": result.detail,
        "exit_code": result.exit_code,
        "signal": result.signal,
        "wall_s": round(result.wall_s, 3),
        "cpu_s": round(result.cpu_s, 3),
        "max_rss": result.max_rss,
        "stderr": result.stderr[-STDERR_KEPT:],
    }
