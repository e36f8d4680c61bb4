"""Failed attempts: which of an instruction's are the best to repair, and what is shown of their failure.

In: responses with the verdicts on them. Out: the order of repair, and the outcome of one as text: the statement of its
tests that failed, the lines of code on the way to the error, the error. Nothing is executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from pipeline.records import Response, Verdict
from pipeline.text.normalise import is_assert, parse
from pipeline.text.programs import program_text

Attempt = tuple[Response, Verdict]

LAST_LINES = 5  # of the error
_LONGEST = 200  # characters of a line
_MOST_LINES = 12  # of the failed statement
_FRAME = re.compile(r'^  File "[^"]*main\.py", line (\d+)', re.MULTILINE)
_NO_WORDS = re.compile(r'\s*[\^~\s]*|Traceback \(most recent call last\):|\s*File "[^"]*", line \d+.*')


def best(tried: Sequence[Attempt]) -> list[Attempt]:
    """The attempts of an instruction none of which passed, the best first; none where one passed.

    First those that passed the largest share of their checks before they failed; among equals the one with the
    shortest code. An attempt whose tests are no Python with a check is left out: nothing could pass them.
    """
    if any(verdict["passed"] for _, verdict in tried):
        return []
    repairable = [attempt for attempt in tried if any(_checks(attempt[0]["tests"]))]
    return sorted(repairable, key=lambda attempt: (-_share(*attempt), len(attempt[0]["code"]), attempt[0]["id"]))


def outcome(response: Response, verdict: Verdict) -> str:
    """What happened to an attempt, in lines: the failed statement of its tests, the way to the error, the error."""
    shown = []
    if (statement := failed_statement(response, verdict)) is not None:
        text = ast.get_source_segment(response["tests"], statement) or ast.unparse(statement)
        shown = [line.rstrip() for line in text.splitlines()[:_MOST_LINES]]
    known = {line.strip() for line in shown}
    lines = (line.strip() for line in verdict["stderr"].splitlines() if not _NO_WORDS.fullmatch(line))
    error = list(dict.fromkeys(line for line in lines if line not in known))
    shown += error[-LAST_LINES:] or [verdict["detail"] or verdict["status"]]  # it may be ended from outside
    return "\n".join(line[:_LONGEST] for line in shown)


def failed_statement(response: Response, verdict: Verdict) -> ast.stmt | None:
    """The statement of the tests that raised; None where the code did before them, or a limit was reached.

    Of several, as where tests call functions of their own, it is the innermost check, or else the innermost one.
    """
    program = program_text(response["code"], response["tests"])
    before = program.count("\n") - response["tests"].rstrip().count("\n") - 1
    module = parse(response["tests"])
    around = [
        node
        for line in reversed([int(number) - before for number in _FRAME.findall(verdict["stderr"])])
        for node in sorted(ast.walk(module) if module else (), key=_place, reverse=True)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return next(filter(is_assert, around), around[0] if around else None)


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def is_same(code: str, other: str) -> bool:
    """Whether two programs are one, but for comments and layout."""
    one, two = parse(code), parse(other)
    if one is None or two is None:
        return code.split() == other.split()
    return ast.dump(one) == ast.dump(two)


def _share(response: Response, verdict: Verdict) -> float:
    """The share of the checks that stand before the statement that raised; 0 where there is none."""
    failed = failed_statement(response, verdict)
    checks = list(_checks(response["tests"]))
    return sum(check.lineno < failed.lineno for check in checks) / len(checks) if failed else 0.0


def _checks(tests: str) -> Iterator[ast.stmt]:
    module = parse(tests)
    return (node for node in ast.walk(module) if isinstance(node, ast.stmt) and is_assert(node)) if module else iter(())
