"""Where the project is: the one luigi.cfg that is read, and the folder at which its relative paths start.

In this order: the file that LUIGI_CONFIG_PATH names, luigi.cfg of the working directory or of the nearest folder above
it, luigi.cfg beside this package. Luigi reads more files than that when it is imported: they are forgotten here. The
settings of Luigi that this pipeline depends on (exit codes, the local scheduler) are set here unless luigi.cfg sets
them. What is wrong with the file is raised by `require`, not at import: help and `init` work without one.
"""

from __future__ import annotations

import configparser
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.syntax import read
from pipeline.errors import ConfigError

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
NAME = "luigi.cfg"
_SHIPPED = PACKAGE_ROOT / NAME

_LUIGI_DEFAULTS = {
    # no_lock: Luigi's lock is one for all projects of a user, ours is that of the artifacts folder.
    "core": {"local_scheduler": "true", "no_configure_logging": "true", "no_lock": "true"},
    "worker": {"check_complete_on_run": "true"},
    "retcode": {
        "already_running": "10",
        "missing_data": "20",
        "not_run": "25",
        "task_failed": "30",
        "scheduling_error": "35",
        "unhandled_exception": "40",
    },
}


@dataclass(frozen=True)
class Location:
    """The project's folder and its luigi.cfg; no file: every key has its default.

    `is_fallback`: nobody named this project, and the working directory is not in it.
    """

    root: Path
    file: Path | None = None
    is_fallback: bool = False
    text: str = ""
    problem: ConfigError | None = None


_location: Location | None = None


def location() -> Location:
    """The project of this process."""
    global _location  # noqa: PLW0603
    if _location is None:
        _location = _find()
    return _location


def root() -> Path:
    """The project's root folder: that of the luigi.cfg which is read."""
    return location().root


def require() -> Location:
    """The project of this process. Raises ConfigError where its luigi.cfg is missing, unreadable or malformed."""
    found = location()
    if found.problem:
        raise found.problem
    return found


def require_own() -> Location:
    """As `require`, before anything is written: into a project that is named, or that the working directory is in.

    Raises ConfigError outside every project.
    """
    found = require()
    if found.is_fallback:
        shipped = f"; `selfcodealign -C {found.root} ...` is for the shipped one" if found.file else ""
        remedy = f"`selfcodealign init` begins a project here{shipped}"
        raise ConfigError(f"there is no {NAME} here or above: nothing is written", remedy)
    return found


def install() -> None:
    """Make Luigi read the project's luigi.cfg alone, and set those of Luigi's settings that it leaves out.

    Must be called when the package `pipeline` is imported, before the working directory changes: Luigi parses its
    command line after that.
    """
    with _no_file_read():
        from luigi.configuration import get_config
        from luigi.configuration.cfg_parser import LuigiConfigParser
    found = location()
    LuigiConfigParser._config_paths = [str(found.file)] if found.file and not found.problem else []
    config = get_config()
    config.clear()
    config.defaults().clear()
    if found.file and not found.problem:
        config.read_string(found.text, source=str(found.file))
    _set_defaults(config)
    # An unknown key is refused (settings.py), and Luigi does not know all of its own.
    warnings.filterwarnings("ignore", message="The configuration contains the parameter", category=UserWarning)


def enter(folder: str) -> None:
    """Work in another folder, as `git -C` does: its project is taken, whatever LUIGI_CONFIG_PATH names.

    Raises ConfigError where the folder does not exist.
    """
    global _location  # noqa: PLW0603
    try:
        os.chdir(Path(folder).expanduser())
    except OSError as error:
        raise ConfigError(f"-C {folder}: {error.strerror}", "name a project's folder") from None
    os.environ.pop("LUIGI_CONFIG_PATH", None)
    _location = None
    found = location()
    if found.is_fallback:
        problem = ConfigError(
            f"-C {folder}: there is no {NAME} in it or above it", f"`selfcodealign init {folder}` writes one"
        )
        _location = Location(Path.cwd(), problem=problem)
    install()


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Read the luigi.cfg of another project's folder meanwhile; afterwards that of this process again."""
    global _location  # noqa: PLW0603
    before = location()
    _location = _read(folder / NAME)
    install()
    try:
        yield
    finally:
        _location = before
        install()


def _find() -> Location:
    named = os.environ.get("LUIGI_CONFIG_PATH")
    if named:
        if os.path.lexists(named) and not os.path.isdir(named):
            return _read(Path(named))
        what = "it is a folder" if os.path.isdir(named) else "there is no such file"
        problem = ConfigError(f"LUIGI_CONFIG_PATH names {named}: {what}", "name a luigi.cfg in it, or unset it")
        return Location(_working_directory(), problem=problem)
    here = _working_directory()
    for folder in (here, *here.parents):
        # A link that leads nowhere counts, and a folder of that name: a missing configuration must not become another
        # project's. Unlike those of Path, this function is false for a folder that may not be entered.
        if os.path.lexists(folder / NAME):
            return _read(folder / NAME)
    if _SHIPPED.is_file():
        return _read(_SHIPPED, is_fallback=True)
    return Location(here, is_fallback=True)


def _read(path: Path, is_fallback: bool = False) -> Location:
    path = Path(os.path.realpath(path))
    try:
        return Location(path.parent, path, is_fallback, read(path))
    except ConfigError as error:
        return Location(path.parent, path, is_fallback, problem=error)


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed
        return Path("/")


@contextmanager
def _no_file_read() -> Iterator[None]:
    """Luigi reads files while it is imported, and one that is malformed would end the import."""
    reads = configparser.RawConfigParser.read
    configparser.RawConfigParser.read = lambda *_, **__: []  # type: ignore[method-assign]
    try:
        yield
    finally:
        configparser.RawConfigParser.read = reads  # type: ignore[method-assign]


def _set_defaults(config: Any) -> None:
    scheduler_elsewhere = (
        config.has_option("core", "scheduler_host")
        or config.has_option("core", "scheduler_url")
        or any(word.startswith(("--scheduler-host", "--scheduler-url")) for word in sys.argv)
    )
    defaults = {section: dict(keys) for section, keys in _LUIGI_DEFAULTS.items()}
    if scheduler_elsewhere:
        del defaults["core"]["local_scheduler"]
        # A worker stays while others work: it may have to take over from one that dies.
        defaults["worker"]["keep_alive"] = "true"
        # What other workers make counts as not run here: multi_worker.py checks at the end.
        defaults["retcode"] |= {"already_running": "0", "not_run": "0"}
        # A scheduler that has stopped is reported in seconds; Luigi's own pauses are of half a minute.
        defaults["core"] |= {"rpc_retry_attempts": "4", "rpc_retry_wait": "3"}
    for section, keys in defaults.items():
        for key, value in keys.items():
            if not config.has_option(section, key):
                config.set(section, key, value)
