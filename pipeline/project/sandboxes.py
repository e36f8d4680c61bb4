"""Opens the pool of sandboxes that [executions] and [sandbox] configure, and the limits of one program."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import metadata

from pipeline.config import Settings
from pipeline.errors import ConfigError, MachineError
from pipeline.project.project import Project
from pipeline.text.lists import as_list
from sandbox import Limits, Pool, SandboxUnavailable
from sandbox.staging.packages import find_packages

CPU_SHARE = 0.8  # CPU seconds of a program for each second of its wall limit
CHECK = "`python -m sandbox check` shows more"


def open_pool(
    project: Project,
    log: Callable[[str], None] | None = None,
    timeout: float | None = None,
    memory_mb: int | None = None,
    output_mb: int | None = None,
) -> Pool:
    """The configured pool. `timeout`, in seconds, and `memory_mb` replace the limits of [executions].

    `output_mb` of a program's output are kept, where that is given. Raises MachineError where there can be no sandbox.
    """
    section = project.settings.executions
    try:
        return Pool(
            workers=project.sandbox_workers,
            limits=limits(timeout or section.timeout, memory_mb or section.memory_mb, output_mb),
            packages=tuple(as_list(project.settings.sandbox.packages)),
            log=log,
        )
    except SandboxUnavailable as error:
        raise MachineError(str(error), CHECK) from None


def require_packages(settings: Settings) -> list[str]:
    """The distributions of [sandbox] packages. Raises ConfigError for one that is not installed here."""
    names = as_list(settings.sandbox.packages)
    try:
        find_packages(names)
    except SandboxUnavailable as error:
        by_module = metadata.packages_distributions()
        meant = [f"{name} is imported from {by_module[name][0]}" for name in names if name in by_module]
        remedy = f"name distributions, as pip does: {', '.join(meant)}" if meant else ""
        raise ConfigError(f"[sandbox] packages: {error}", remedy) from None
    return names


def limits(timeout: float, memory_mb: int, output_mb: int | None = None) -> Limits:
    """The limits of a test program: `timeout` in seconds, memory and the output that is kept in MiB."""
    kept = {} if output_mb is None else {"output_bytes": output_mb * 2**20, "output_limit_bytes": 2 * output_mb * 2**20}
    return Limits(
        **kept,
        wall_seconds=timeout,
        cpu_seconds=math.ceil(CPU_SHARE * timeout),
        memory_bytes=memory_mb * 2**20,
    )
