"""What a person sees while a run works: one live view on a terminal, plain time-stamped lines elsewhere.

Tasks feed a `StageProgress`; a thread turns it, every few seconds and when a stage begins, into
`artifacts/status.json`, the plain lines, and the status message and percentage that luigid's page shows
of the task. All of them are the same document (status.py). Everything goes to standard error and, line by line, to the log file.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import luigi
from rich.console import Console, RenderableType
from rich.live import Live

from pipeline.run import status
from pipeline.run.status import Counts, Funnel
from pipeline.run.status_view import view
from pipeline.text.display import duration

logger = logging.getLogger("selfcodealign")

BEAT_SECONDS = 2.0
PLAIN_INTERVAL_SECONDS = 15.0


@dataclass
class StageProgress:
    """Counts of one task: units done of `total`, of which kept; new tokens; passed programs.

    `kept` is None where units are only looked at, as the files of a scan are.
    """

    stage: str
    shard: int | None
    total: int
    done: int = 0
    kept: int | None = None
    tokens: int = 0
    passed: int | None = None
    resumed: int = 0
    started: float = field(default_factory=time.monotonic)

    def advance(
        self, kept: bool | None = None, tokens: int = 0, passed: bool | None = None
    ) -> None:
        """One more unit is finished."""
        self.done += 1
        if kept is not None:
            self.kept = (self.kept or 0) + kept
        self.tokens += tokens
        if passed is not None:
            self.passed = (self.passed or 0) + passed

    @property
    def title(self) -> str:
        return self.stage if self.shard is None else f"{self.stage} {self.shard:06d}"

    @property
    def fresh(self) -> int:
        return self.done - self.resumed

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-3)

    def figures(self) -> str:
        """Rates and time left, in words."""
        seconds = self.seconds
        parts = [f"{self.fresh / seconds:.1f}/s"]
        if self.tokens:
            parts.append(f"{self.tokens / seconds:.0f} tok/s")
        if self.passed is not None and self.fresh:
            parts.append(f"{100 * self.passed / self.fresh:.0f}% pass")
        if self.fresh and self.done < self.total:
            parts.append(f"{duration((self.total - self.done) * seconds / self.fresh)} left")
        return ", ".join(parts)

    def line(self) -> str:
        return f"{self.title}: {self.done}/{self.total} ({self.figures()})"

    def summary(self) -> str:
        parts = [f"{self.title}: {self.done} done"]
        if self.kept is not None:
            parts.append(f"{self.kept} kept, {self.fresh - self.kept} rejected")
        return f"{', '.join(parts)} in {duration(self.seconds)} ({self.figures()})"

    def timed(self) -> Counts:
        """What only this process knows of a sharded stage: how long its fresh units took."""
        return Counts(seconds=self.seconds, fresh=self.fresh, fresh_tokens=self.tokens)

    def whole(self) -> Counts:
        """The counts of a stage that has no shards."""
        kept = self.done if self.kept is None else self.kept
        return Counts(
            expected=self.total, done=self.done, kept=kept, seconds=self.seconds, fresh=self.fresh
        )


class Reporter:
    """Says how the run goes. Without `begin` it only prints: commands look on, they do not report."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.task: luigi.Task | None = None
        self._path: Path | None = None
        self._before: dict[str, Any] | None = None
        self._owner = os.getpid()
        self._started = time.time()
        self._state = "running"
        self._error: dict[str, str] | None = None
        self._rows: int | None = None
        self._funnel: Funnel | None = None
        self._counts: dict[str, Counts] = {}
        self._global: dict[str, Counts] = {}
        self._current: StageProgress | None = None
        self._live: Live | None = None
        self._silent = True
        self._ended = False
        self._news = threading.Event()
        self._lock = threading.Lock()

    def begin(self, status_file: Path) -> None:
        """This process is the run from now on, to its exit."""
        self._path = status_file
        self._before = status.read(status_file)
        self._write()
        threading.Thread(target=self._beat, name="status", daemon=True).start()
        if self.console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=self.console, refresh_per_second=2
            )
        atexit.register(self._end)

    def expect(self, funnel: Funnel) -> None:
        """What the run is made of, known once the sources are scanned."""
        if self._funnel is None:
            self._funnel = funnel
            self._write()

    def fail(self, problem: str, remedy: str = "") -> None:
        """The run, or a task of it, ended with an error."""
        self._state = "failed"
        self._error = {
            "time": _stamp(time.time()),
            "problem": problem,
            "remedy": remedy,
        }
        self.say(f"error: {problem}\n  {remedy}".rstrip())

    def interrupt(self, message: str) -> None:
        """A signal ends the run."""
        self._state = "interrupted"
        self.say(message)

    def finish(self, selected: Mapping[str, Any]) -> None:
        """The dataset is there; `selected` is the selection's meta document."""
        self._rows = selected["kept"]
        self._global["selection"] = Counts(
            expected=selected["units"],
            done=selected["units"],
            kept=selected["kept"],
            seconds=selected["seconds"],
            fresh=selected["units"],
            rules=Counter(selected["rules"]),
        )

    def say(self, message: str) -> None:
        """One line for the user, which the log gets as well."""
        logger.info(message)
        self.show(message)

    def show(self, message: str) -> None:
        """One line for the user."""
        self._silent = False
        if self.console.is_terminal:
            self.console.print(message, highlight=False, markup=False)
        else:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            self.console.print(f"{stamp} {message}", highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def stage(
        self, stage: str, total: int, shard: int | None = None, resumed: int = 0
    ) -> Iterator[StageProgress]:
        """Report a task from its start to its end; it calls `advance` for each finished unit."""
        progress = StageProgress(stage, shard, total, done=resumed, resumed=resumed)
        if resumed:
            self.say(f"{progress.title}: goes on at {resumed} of {total}")
        self._current = progress
        self._news.set()
        # Luigi forks for several workers: only the run's own process draws.
        live = self._live if os.getpid() == self._owner else None
        if live and not live.is_started:
            live.start()
        yield progress
        self._current = None
        if shard is None:
            self._global[stage] = progress.whole()
        if live:
            logger.info(progress.summary())
        else:
            self.say(progress.summary())

    def document(self) -> dict[str, Any]:
        """The status as of the last beat."""
        now = time.time()
        current = self._current
        stages = {**self._global, **self._counts}
        if current is not None and current.shard is None:
            stages[current.stage] = current.whole()
        order = ["seeds", *self._counts]
        counted = {
            stage: stages[stage].document()
            for stage in sorted(stages, key=lambda name: order.index(name) if name in order else 99)
        }
        rows = self._rows
        if not counted and self._state == "finished" and self._before:
            # Nothing was to be done: what the run before counted still holds.
            counted, rows = self._before["stages"], self._before["rows"]
        return {
            "state": self._state,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": " ".join(sys.argv),
            "started": _stamp(self._started),
            "updated": _stamp(now),
            "elapsed_seconds": round(now - self._started, 1),
            "stage": current.stage if current else None,
            "shard": current.shard if current else None,
            "eta_seconds": self._eta(),
            "rows": rows,
            "stages": counted,
            "recent_rejections": list(self._funnel.recent) if self._funnel else [],
            "last_error": self._error,
        }

    def _eta(self) -> float | None:
        running = self._state == "running" and self._counts
        left = status.seconds_left(self._counts) if running else None
        return None if left is None else round(left, 1)

    def _render(self) -> RenderableType:
        return view(self.document())

    def _refresh(self) -> None:
        """Count what the stages' files have gained."""
        current = self._current
        timed = {current.stage: current.timed()} if current else {}
        if self._funnel is not None:
            self._counts = self._funnel.refresh(timed)

    def _beat(self) -> None:
        said = time.monotonic()
        while True:
            self._news.wait(BEAT_SECONDS)
            self._news.clear()
            if self._ended:
                return
            try:
                self._write()
            except Exception:
                logger.exception("the status could not be written")
            current = self._current
            if current is None:
                continue
            self._tell_luigi(current)
            if not self._live and time.monotonic() - said >= PLAIN_INTERVAL_SECONDS:
                said = time.monotonic()
                self.say(current.line())

    def _tell_luigi(self, current: StageProgress) -> None:
        # The scheduler may be away for a moment; the run has its own way to deal with that.
        with suppress(Exception):
            if self.task is not None and self.task.set_status_message:
                self.task.set_status_message(current.line())
                self.task.set_progress_percentage(100 * current.done // max(current.total, 1))

    def _write(self) -> None:
        # The beat must not write what it knew after the end has written the last word.
        with self._lock:
            if self._path is not None:
                self._refresh()
                status.write(self._path, self.document())

    def _end(self) -> None:
        self._ended = True
        self._news.set()
        self._current = None
        if self._state == "running":
            self._state = "finished"
        self._write()
        if self._live and self._live.is_started:
            self._live.stop()
        elif self._live and self._silent:
            # A cron job that had nothing to do says nothing; a person wants to hear so.
            self.show("nothing to do: what was asked for is there")


def _stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
