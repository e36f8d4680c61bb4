"""Where the project is: which luigi.cfg is in force, and the folder that its relative paths start from.

Luigi reads luigi.cfg from the working directory only. A cron job starts elsewhere, so the luigi.cfg
beside this package is used when the working directory has none. Settings of Luigi itself that our
promises rest on (exit codes, no central scheduler unless asked for) are set here when the file in force
does not mention them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from luigi.configuration import add_config_path, get_config

from pipeline.errors import ConfigError

PACKAGE_ROOT = Path(__file__).resolve().parents[2]

_LUIGI_DEFAULTS = {
    # no_lock: Luigi's own lock is one for all projects of a user, ours is the artifacts folder's.
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


def use_project_config() -> Path:
    """Make a luigi.cfg be in force, fill in what it leaves out; return the project's root folder."""
    in_force = _config_in_force()
    if in_force is None and (PACKAGE_ROOT / "luigi.cfg").is_file():
        in_force = PACKAGE_ROOT / "luigi.cfg"
        add_config_path(str(in_force))
    config = get_config()
    # Luigi imports us before it has looked at its own command line.
    scheduler_elsewhere = (
        config.has_option("core", "scheduler_host")
        or config.has_option("core", "scheduler_url")
        or any(word.startswith(("--scheduler-host", "--scheduler-url")) for word in sys.argv)
    )
    defaults = {section: dict(keys) for section, keys in _LUIGI_DEFAULTS.items()}
    if scheduler_elsewhere:
        del defaults["core"]["local_scheduler"]
        # A worker stays while others are at work: it may have to take over from one that dies.
        defaults["worker"]["keep_alive"] = "true"
        # What others make is neither here nor missing: company.py looks at the end.
        defaults["retcode"] |= {"already_running": "0", "not_run": "0"}
    for section, keys in defaults.items():
        for key, value in keys.items():
            if not config.has_option(section, key):
                config.set(section, key, value)
    return in_force.parent if in_force else Path.cwd()


def _config_in_force() -> Path | None:
    named = os.environ.get("LUIGI_CONFIG_PATH")
    for path in (Path(named) if named else None, Path("luigi.cfg")):
        if path is not None and path.is_file():
            return path.resolve()
    return None


def refuse_unread() -> None:
    """Luigi passes over a configuration file that it cannot read without a word.

    Raises ConfigError for one, and for one that is named and is not there.
    """
    named = os.environ.get("LUIGI_CONFIG_PATH")
    if named and not Path(named).is_file():
        raise ConfigError(f"LUIGI_CONFIG_PATH names {named}: there is no such file", "correct it")
    for path in [named, "luigi.cfg"]:
        if path and Path(path).is_file() and not os.access(path, os.R_OK):
            raise ConfigError(
                f"{Path(path).resolve()} cannot be read", "give its reader permission to"
            )


ROOT = use_project_config()
