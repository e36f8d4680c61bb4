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
from pipeline.config.location import NAME, PACKAGE_ROOT, require, root
from pipeline.errors import ConfigError
from pipeline.project.project import Project
from pipeline.run import process


def open_project() -> Project:
    """The project as configured, without the lock: a command may read it while a run is at work."""
    return Project(load(), root())


def announce() -> None:
    """Name the project on standard error: the first line of a command that writes."""
    found = require()
    named = " (the shipped one: no luigi.cfg here or above)" if found.is_fallback else ""
    print(f"project {found.root}{named}", file=sys.stderr)


def require_own_project() -> None:
    """Raises ConfigError outside every project: what is removed must be of a project that somebody means."""
    found = require()
    if found.is_fallback:
        raise ConfigError(
            f"there is no {NAME} here or above; nothing is removed from {found.root}",
            f"`selfcodealign -C {found.root} ...` if you mean that project",
        )


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
    out = Console(highlight=False, markup=False)
    return out if out.is_terminal else Console(highlight=False, markup=False, width=160)


def print_json(document: Any) -> None:
    """A JSON document on standard output, for scripts."""
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
