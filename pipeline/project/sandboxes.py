"""Opens the pool of sandboxes that [executions] and [sandbox] configure, and the limits of one program."""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.errors import MachineError
from pipeline.project.project import Project
from pipeline.text.lists import as_list
from sandbox import Limits, Pool, SandboxUnavailable

CPU_SHARE = 0.8  # CPU seconds of a program for each second of its wall limit
CHECK = "`python -m sandbox check` says more"


def open_pool(project: Project, log: Callable[[str], None] | None = None, timeout: float | None = None) -> Pool:
    """The configured pool. `timeout`, in seconds, replaces the wall limit of [executions].

    Raises MachineError where there can be no sandbox.
    """
    section = project.settings.executions
    try:
        return Pool(
            workers=project.sandbox_workers,
            limits=limits(timeout or section.timeout, section.memory_mb),
            packages=tuple(as_list(project.settings.sandbox.packages)),
            log=log,
        )
    except SandboxUnavailable as error:
        raise MachineError(str(error), CHECK) from None


def limits(timeout: float, memory_mb: int) -> Limits:
    """The limits of a test program: `timeout` in seconds, memory in MiB."""
    return Limits(
        wall_seconds=timeout,
        cpu_seconds=math.ceil(CPU_SHARE * timeout),
        memory_bytes=memory_mb * 2**20,
    )
