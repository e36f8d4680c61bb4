"""Where log records go: a rotating file, and of ours the warnings to the terminal."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pipeline.run.reporter import Reporter


def set_up_logging(path: Path, reporter: Reporter) -> None:
    """Everything to a rotating file; warnings of ours to the terminal as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    to_file = RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("luigi", "luigi-interface", "selfcodealign", "pipeline"):
        log = logging.getLogger(name)
        log.setLevel(logging.INFO)
        log.addHandler(to_file)
        log.propagate = False
    to_terminal = _Terminal(reporter)
    to_terminal.setLevel(logging.WARNING)
    logging.getLogger("pipeline").addHandler(to_terminal)


class _Terminal(logging.Handler):
    """Log records as lines between the progress."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        self._reporter.show(record.getMessage())
