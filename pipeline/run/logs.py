"""Sends log records to a rotating file, and the pipeline's warnings to the terminal as well."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pipeline.run.reporter import Reporter

_NO_SCHEDULER = "Failed connecting to remote scheduler"


def set_up_logging(path: Path, reporter: Reporter) -> None:
    """Log everything to the rotating file `path`, and the pipeline's warnings through the reporter as well."""
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
    logging.getLogger("luigi-interface").addHandler(_SchedulerLost(reporter))


class _SchedulerLost(logging.Handler):
    """Shows once that the central scheduler does not answer, which Luigi logs at each of several attempts."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter
        self._is_said = False

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(_NO_SCHEDULER) and not self._is_said:
            self._is_said = True
            self._reporter.show(record.getMessage())


class _Terminal(logging.Handler):
    """Shows log records as lines of the reporter."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        self._reporter.show(record.getMessage())
