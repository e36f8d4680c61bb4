"""Where the project is: which luigi.cfg is read, and the folder at which its relative paths start.

Luigi reads luigi.cfg from the working directory only. A cron job starts elsewhere, so the luigi.cfg beside this
package is read when the working directory has none. The settings of Luigi that this pipeline depends on (exit codes,
the local scheduler) are set here unless luigi.cfg sets them.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from luigi.configuration import add_config_path, get_config

from pipeline.errors import ConfigError

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_SHIPPED = PACKAGE_ROOT / "luigi.cfg"

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


@cache
def root() -> Path:
    """The project's root folder: that of the luigi.cfg which is read."""
    path = _named_file() or (_SHIPPED if _SHIPPED.is_file() else None)
    return path.parent if path else Path.cwd()


def install() -> None:
    """Make Luigi read the project's luigi.cfg, and set those of Luigi's settings that it leaves out.

    Must be called when the package `pipeline` is imported: Luigi parses its command line after that.
    """
    if _named_file() is None and _SHIPPED.is_file():
        add_config_path(str(_SHIPPED))
    _ = root()  # before anything changes the working directory
    config = get_config()
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
    for section, keys in defaults.items():
        for key, value in keys.items():
            if not config.has_option(section, key):
                config.set(section, key, value)


def _named_file() -> Path | None:
    """The luigi.cfg of LUIGI_CONFIG_PATH, or of the working directory: Luigi finds these two by itself."""
    named = os.environ.get("LUIGI_CONFIG_PATH")
    for path in (Path(named) if named else None, Path("luigi.cfg")):
        if path is not None and path.is_file():
            return path.resolve()
    return None


def refuse_unread() -> None:
    """Raise ConfigError for a configuration file that is named and missing, or cannot be read.

    Luigi itself ignores both in silence.
    """
    named = os.environ.get("LUIGI_CONFIG_PATH")
    if named and not Path(named).is_file():
        raise ConfigError(f"LUIGI_CONFIG_PATH names {named}: there is no such file", "correct it")
    for path in [named, "luigi.cfg"]:
        if path and Path(path).is_file() and not os.access(path, os.R_OK):
            raise ConfigError(f"{Path(path).resolve()} cannot be read", "give its reader permission to")
