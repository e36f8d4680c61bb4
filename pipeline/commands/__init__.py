"""The commands of `python -m pipeline`, a module each. None of them changes a result of a run."""

from __future__ import annotations

from typing import Any

import orjson
from rich.console import Console

from pipeline import config
from pipeline.project.session import Session


def open_session() -> Session:
    """The project as configured, without the lock: commands read beside a run at work."""
    return Session(config.load())


def console() -> Console:
    """Standard output as a person reads it: drawn on a terminal, plain and unwrapped elsewhere."""
    out = Console(highlight=False, markup=False)
    return out if out.is_terminal else Console(highlight=False, markup=False, width=160)


def print_json(document: Any) -> None:
    """A JSON document on standard output, for scripts."""
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
