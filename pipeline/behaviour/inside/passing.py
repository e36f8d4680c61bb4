"""Runs inside the sandbox: which of several checks a response passes, each in a process of its own.

Data in: a job, which export/pairs.py makes: the response's code, the checks, the seconds for all. Data out: a truth
value a check. Not promised: that code written to deceive cannot forge one; a reward is not computed here.
"""

from __future__ import annotations

import time

from pipeline.behaviour.inside.forks import forked
from pipeline.behaviour.inside.programs import execute, namespace

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from typing import Any


def passing(job: dict[str, Any]) -> list[bool]:
    """Whether the code passes each check; one that is not reached in time counts as failed."""
    end = time.monotonic() + job["seconds"]
    report = []
    for check in job["checks"]:
        left = max(0.0, end - time.monotonic())
        share = min(left, job["seconds"] / 4)  # a check that never ends leaves time for others
        report.append(bool(left) and forked(_run(job["code"], check), share, share)[0] == [True])
    return report


def _run(code: str, check: str) -> Callable[[Callable[[Any], None]], None]:
    def work(send: Callable[[Any], None]) -> None:
        names = namespace("__main__")
        execute(code, names)
        execute(check, names)
        send(True)

    return work
