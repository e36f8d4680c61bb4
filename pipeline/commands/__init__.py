"""The commands of `python -m pipeline`: each module parses arguments, calls operations, and prints.

None of them changes a result of a run.
"""

from __future__ import annotations

from typing import Any

import orjson
from rich.console import Console

from pipeline.config import load
from pipeline.config.location import root
from pipeline.project.project import Project
from pipeline.run import process


def open_project() -> Project:
    """The project as configured, without the lock: a command may read it while a run is at work."""
    return Project(load(), root())


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
    out = Console(highlight=False, markup=False)
    return out if out.is_terminal else Console(highlight=False, markup=False, width=160)


def print_json(document: Any) -> None:
    """A JSON document on standard output, for scripts."""
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
