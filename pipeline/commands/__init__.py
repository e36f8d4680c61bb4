"""The commands of `selfcodealign`: each module parses arguments, calls operations, and prints.

None of them changes a result of a run.
"""

from __future__ import annotations

import configparser
import sys
from importlib import metadata
from typing import Any

import orjson
from rich.console import Console

from pipeline.config import load
from pipeline.config.location import PACKAGE_ROOT, require_own, root
from pipeline.project.project import Project
from pipeline.run import process


def open_project() -> Project:
    """The project as configured, without the lock: a command may read it while a run is at work."""
    return Project(load(), root())


def announce() -> None:
    """Name the project on standard error: the first line of a command that writes.

    Raises ConfigError outside every project: what is written must be of a project that somebody means.
    """
    print(f"project {require_own().root}", file=sys.stderr)


def version() -> str:
    """The version of this package, of its distribution or of its source tree."""
    try:
        return metadata.version("selfcodealign-luigi")
    except metadata.PackageNotFoundError:
        setup = configparser.ConfigParser()
        setup.read(PACKAGE_ROOT / "setup.cfg", encoding="utf-8")
        return setup.get("metadata", "version", fallback="of unknown version")


def begin_run() -> Project:
    """The project as configured, with the lock on its artifacts folder: its tasks can be run."""
    return process.begin().project


def lock_artifacts(project: Project) -> None:
    """Hold the lock on the artifacts folder until this process ends. Raises AlreadyRunning."""
    process.take_lock(project.artifacts)


def require_sandbox(project: Project) -> None:
    """Raises PipelineError where programs cannot be sandboxed, or benchmark packs cannot be read."""
    process.require_sandbox(project)


def console() -> Console:
    """Standard output for people: styled on a terminal, plain and unwrapped elsewhere."""
    out = _Console(highlight=False, markup=False)
    return out if out.is_terminal else _Console(highlight=False, markup=False, width=160)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the process with code 1: who reads the first lines only has all that was wanted."""
        raise BrokenPipeError


def print_json(document: Any) -> None:
    """A JSON document on standard output, for scripts."""
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
