"""Run untrusted Python test programs, each in its own bubblewrap."""

from __future__ import annotations

from sandbox.errors import SandboxUnavailable
from sandbox.limits import Limits
from sandbox.pool import Pool, require, run
from sandbox.result import STATUSES, Program, Result
from sandbox.root import prepare

# What a verdict means: raised when the same program could get another one.
PROTOCOL = "1"

__all__ = [
    "PROTOCOL",
    "STATUSES",
    "Limits",
    "Pool",
    "Program",
    "Result",
    "SandboxUnavailable",
    "prepare",
    "require",
    "run",
]
