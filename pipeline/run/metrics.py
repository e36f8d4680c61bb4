"""The state of a run as metrics in a text file, for the textfile collector of Prometheus' node exporter.

In: the status document (status.py). Out: the text format of Prometheus. The file is replaced whole, as the collector
requires; `[project] metrics` names it, and its name must end with .prom.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from targets.atomic import temporary_beside

_STATES = ("running", "finished", "failed", "interrupted")
_STAGES = {
    "stage_units": ("Units of work of a stage that are done, by their fate.", ("kept", "rejected")),
    "stage_units_expected": ("Units of work of a stage, as far as they are known.", ("expected",)),
    "stage_new_tokens": ("New tokens of a stage.", ("new_tokens",)),
    "stage_seconds": ("Seconds that a stage has worked.", ("seconds",)),
}


def writer(path: Path, project: Path) -> Callable[[Mapping[str, Any]], None]:
    """What replaces the file by the metrics of a status document; where it cannot, the file stays as it is.

    Raises ConfigError for a name that the collector does not read, and for a folder that is not there.
    """
    if path.suffix != ".prom":
        raise ConfigError(
            f"[project] metrics = {path}: the collector reads *.prom", "name a file such as pipeline.prom"
        )
    if not path.parent.is_dir():
        raise ConfigError(f"[project] metrics: there is no folder {path.parent}", "make it, or name another")

    def write(status: Mapping[str, Any]) -> None:
        temporary = temporary_beside(path)
        with suppress(OSError):  # which must not stop a run
            temporary.write_text(text(status, project), encoding="utf-8")
            os.replace(temporary, path)

    return write


def text(status: Mapping[str, Any], project: Path) -> str:
    """The metrics of a status document; a number that is not known is left out."""
    return "".join(f"{line}\n" for line in _lines(status, _label("project", str(project))))


def _lines(status: Mapping[str, Any], project: str) -> Iterator[str]:
    yield from _head("run_state", "1 for the state of the last run, 0 for the others.")
    for state in _STATES:
        yield _sample("run_state", int(state == status["state"]), project, _label("state", state))
    for name, help, value in (
        ("run_started_timestamp_seconds", "When the last run began.", _seconds(status["started"])),
        ("run_updated_timestamp_seconds", "When these metrics were written.", _seconds(status["updated"])),
        ("dataset_rows", "Rows of the dataset that the last run made.", status["rows"]),
    ):
        if value is not None:
            yield from _head(name, help)
            yield _sample(name, value, project)
    for name, (help, keys) in _STAGES.items():
        yield from _head(name, help)
        for stage, counts in status["stages"].items():
            for key in keys:
                fate = [_label("fate", key)] if len(keys) > 1 else []
                yield _sample(name, counts[key], project, _label("stage", stage), *fate)
    yield from _head("stage_rejected_units", "Units that a stage has rejected, by rule.")
    for stage, counts in status["stages"].items():
        for rule, count in counts["rules"].items():
            yield _sample("stage_rejected_units", count, project, _label("stage", stage), _label("rule", rule))


def _head(name: str, help: str) -> Iterator[str]:
    yield f"# HELP selfcodealign_{name} {help}"
    yield f"# TYPE selfcodealign_{name} gauge"


def _sample(name: str, value: float, *labels: str) -> str:
    return f"selfcodealign_{name}{{{','.join(labels)}}} {value}"


def _label(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{name}="{escaped}"'


def _seconds(stamp: str) -> float:
    """A time of the status document as seconds since the epoch."""
    return time.mktime(time.strptime(stamp, "%Y-%m-%d %H:%M:%S"))
