"""The input and the output of the sandbox: a program, and the result of its run. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

STATUSES = (
    "passed",
    "failed",
    "compile_error",
    "exited_early",
    "timeout",
    "cpu_timeout",
    "oom",
    "output_limit",
    "crashed",
    "tampered",
    "sandbox_error",
)


@dataclass(frozen=True, slots=True)
class Program:
    """One test program: Python source that passes when its last top-level statement is reached."""

    id: str
    source: str


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one program.

    status     one of STATUSES
    exit_code  of the program's first process; None when a signal ended it or it was killed
    signal     number of the signal that ended it, or None
    stdout, stderr  text (undecodable bytes become U+FFFD), cut at Limits.output_bytes and then marked
    wall_s, cpu_s   seconds; CPU is that of all its processes
    max_rss    bytes of resident memory at the highest sample
    detail     one line with the reason
    """

    id: str
    status: str
    exit_code: int | None = None
    signal: int | None = None
    stdout: str = ""
    stderr: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss: int = 0
    detail: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"Result.status = {self.status!r}: not one of {', '.join(STATUSES)}")

    @property
    def passed(self) -> bool:
        """Whether the program reached its end and left with exit code 0."""
        return self.status == "passed"

    def to_dict(self) -> dict[str, Any]:
        """The fields and `passed`, ready for JSON."""
        return {**asdict(self), "passed": self.passed}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Result:
        """The inverse of `to_dict`; raises ValueError for an unknown key or status."""
        names = {field.name for field in fields(cls)}
        unknown = set(record) - names - {"passed"}
        if unknown:
            raise ValueError(f"Result.from_dict: unknown keys {', '.join(sorted(unknown))}")
        return cls(**{key: value for key, value in record.items() if key in names})
