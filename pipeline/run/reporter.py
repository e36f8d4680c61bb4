"""Reports a run while it works: one live view on a terminal, plain time-stamped lines elsewhere.

Tasks update a `StageProgress`. Every few seconds, and when a stage begins, a heartbeat turns it into
`artifacts/status.json`, the plain lines, and the status message and percentage on luigid's page of the task. All of
them have the same source, the status document (status.py). Everything goes to standard error and, line by line, to
the log file.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import luigi
from rich.console import Console, RenderableType
from rich.live import Live

from pipeline.run import status
from pipeline.run.heartbeat import Heartbeat
from pipeline.run.progress import StageProgress, Tokens
from pipeline.run.status import Counts, Funnel
from pipeline.run.status_view import view
from targets.processes import command_line

logger = logging.getLogger("selfcodealign")

PLAIN_INTERVAL_SECONDS = 15.0


class Reporter:
    """Reports a run: to the console, to the log and, once `begin` was called, to the status file."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.task: luigi.Task | None = None
        self._path: Path | None = None
        self._also: Callable[[Mapping[str, Any]], None] | None = None
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
        self._at_end: Callable[[], bool] | None = None
        self._silent = True
        self._first_line = ""
        self._heartbeat: Heartbeat | None = None
        self._last_line = time.monotonic()
        self._said_once: set[str] = set()
        self._lock = threading.Lock()

    def begin(
        self, status_file: Path, first_line: str = "", also: Callable[[Mapping[str, Any]], None] | None = None
    ) -> None:
        """Write the status file from now on, until the process exits.

        `first_line` comes before all others; `also` gets each document of the status.
        """
        self._first_line = first_line
        self._path, self._also = status_file, also
        self._before = status.read(status_file)
        self._write()
        self._heartbeat = Heartbeat(self._beat)
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self.console, refresh_per_second=2)
        atexit.register(self.end)

    def expect(self, funnel: Funnel, seeds: Mapping[str, Any]) -> None:
        """Set the stages and shards that the run consists of, which are known after the scan of the sources.

        `seeds` are the counts of the definitions in the sources, as in a manifest. Where a number of rows decides which
        shards there are, it is called again as more are known.
        """
        if self._funnel is None or self._funnel.shards != list(funnel.shards):
            self._funnel = funnel
            self.count_seeds(seeds)

    def count_seeds(self, seeds: Mapping[str, Any]) -> None:
        """Set the counts of the definitions in the sources, as in a manifest, in place of those of the files read."""
        self._global["seeds"] = Counts(
            expected=seeds["in"], done=seeds["in"], kept=seeds["kept"], rules=Counter(seeds["rules"])
        )
        self._write()

    def expect_from_others(self, funnel: Funnel, seeds: Mapping[str, Any], has_ended_well: Callable[[], bool]) -> None:
        """As `expect`, where other processes do the work: whether it was done is seen at the end, by its files."""
        self.expect(funnel, seeds)
        self._begin_to_speak()
        self._at_end = has_ended_well

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
        """One line for the user and for the log."""
        logger.info(message)
        self.show(message)

    def say_once(self, message: str) -> None:
        """`say`, the first time only."""
        if message not in self._said_once:
            self._said_once.add(message)
            self.say(message)

    def show(self, message: str) -> None:
        """One line for the user."""
        self._begin_to_speak()
        self._silent = False
        self._print(message)

    def _begin_to_speak(self) -> None:
        first_line, self._first_line = self._first_line, ""
        if first_line and os.getpid() == self._owner:
            self._print(first_line)

    def _print(self, message: str) -> None:
        if self.console.is_terminal:
            self.console.print(message, highlight=False, markup=False)
        else:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            self.console.print(f"{stamp} {message}", highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def stage(self, stage: str, total: int, shard: int | None = None, resumed: int = 0) -> Iterator[StageProgress]:
        """Report a task from its start to its end; the task calls `advance` for each finished unit."""
        progress = StageProgress(stage, shard, total, done=resumed, resumed=resumed)
        if resumed:
            self.say(f"{progress.title}: goes on at {resumed} of {total}")
        self._current = progress
        if self._heartbeat:
            self._heartbeat.now()
        # Luigi forks for several workers: only the process that began the run draws.
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

    def watch(self, in_flight: Callable[[], Tokens]) -> None:
        """Count what a model does for the task at work before a completion is finished."""
        if self._current is not None:
            self._current.in_flight = in_flight

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
            # There was nothing to do: the counts of the run before still hold.
            counted, rows = self._before["stages"], self._before["rows"]
        return {
            "state": self._state,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": command_line(),
            "started": _stamp(self._started),
            "updated": _stamp(now),
            "elapsed_seconds": round(now - self._started, 1),
            "stage": current.stage if current else None,
            "shard": current.shard if current else None,
            "doing": current.doing if current else "",
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
        """Update the counts from the stages' files."""
        current = self._current
        timed = {current.stage: current.timed()} if current else {}
        if self._funnel is not None:
            self._counts = self._funnel.refresh(timed)

    def _beat(self) -> None:
        self._write()
        current = self._current
        if current is None:
            return
        self._show_in_luigi(current)
        if not self._live and time.monotonic() - self._last_line >= PLAIN_INTERVAL_SECONDS:
            self._last_line = time.monotonic()
            self.say(current.line())

    def _show_in_luigi(self, current: StageProgress) -> None:
        # Luigi sets both while a task runs. Without a scheduler for a moment they fail: Luigi itself handles that.
        report = getattr(self.task, "set_status_message", None)
        report_percentage = getattr(self.task, "set_progress_percentage", None)
        if report and report_percentage:
            with suppress(Exception):
                report(current.line())
                report_percentage(100 * current.done // max(current.total, 1))

    def _write(self) -> None:
        # A beat that began before the end must not overwrite the last document.
        with self._lock:
            if self._path is not None:
                self._refresh()
                document = self.document()
                status.write(self._path, document)
                if self._also:
                    self._also(document)

    def end(self) -> None:
        """Write the last status. Called when the process exits."""
        if self._heartbeat:
            self._heartbeat.stop()
        self._current = None
        if self._state == "running":
            has_ended_well = self._at_end is None or self._at_end()
            self._state = "finished" if has_ended_well else "failed"
        self._write()
        if self._live and self._live.is_started:
            self._live.stop()
        elif self._live and self._silent:
            # A cron job with nothing to do prints nothing; on a terminal a line is expected.
            self.show("nothing to do: what was asked for is there")


def silent_reporter() -> Reporter:
    """A reporter that shows nothing and writes nothing."""
    return Reporter(Console(file=io.StringIO()))


def _stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
