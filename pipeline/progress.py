"""What a person sees while a run works: a live view on a terminal, plain time-stamped lines elsewhere.

Both come from the same `StageProgress`, which a task feeds; everything goes to standard error and, line
by line, to the log file.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

logger = logging.getLogger("selfcodealign")

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

    @property
    def title(self) -> str:
        return self.stage if self.shard is None else f"{self.stage} {self.shard:06d}"

    def figures(self) -> str:
        """Rates and time left, in words."""
        seconds = self.seconds
        fresh = self.done - self.resumed
        parts = [f"{fresh / seconds:.1f}/s"]
        if self.tokens:
            parts.append(f"{self.tokens / seconds:.0f} tok/s")
        if self.passed is not None and fresh:
            parts.append(f"{100 * self.passed / fresh:.0f}% pass")
        if fresh and self.done < self.total:
            parts.append(f"{_duration((self.total - self.done) * seconds / fresh)} left")
        return ", ".join(parts)

    def summary(self) -> str:
        parts = [f"{self.title}: {self.done} done"]
        if self.kept is not None:
            parts.append(f"{self.kept} kept, {self.done - self.resumed - self.kept} rejected")
        return f"{', '.join(parts)} in {_duration(self.seconds)} ({self.figures()})"

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-3)


class Reporter:
    """Draws the progress of one task after the other."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.live = self.console.is_terminal

    def say(self, message: str) -> None:
        """One line for the user, which the log gets as well."""
        logger.info(message)
        self.show(message)

    def show(self, message: str) -> None:
        """One line for the user."""
        if self.live:
            self.console.print(message, highlight=False, markup=False)
        else:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            self.console.print(f"{stamp} {message}", highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def stage(
        self, stage: str, total: int, shard: int | None = None, resumed: int = 0
    ) -> Iterator[StageTicker]:
        """Show a task from its start to its end; the ticker's `advance` redraws."""
        progress = StageProgress(stage, shard, total, done=resumed, resumed=resumed)
        if resumed:
            self.say(f"{progress.title}: goes on at {resumed} of {total}")
        bar = self._bar() if self.live else None
        ticker = StageTicker(self, progress, bar)
        if bar:
            with bar:
                yield ticker
        else:
            yield ticker
        self.say(progress.summary())

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )


class StageTicker:
    """What a task calls for each finished unit."""

    def __init__(self, reporter: Reporter, progress: StageProgress, bar: Progress | None) -> None:
        self.progress = progress
        self._reporter = reporter
        self._bar = bar
        self._task = None
        self._said = time.monotonic()
        if bar:
            self._task = bar.add_task(
                progress.title, total=progress.total, completed=progress.done, figures=""
            )

    def advance(
        self, kept: bool | None = None, tokens: int = 0, passed: bool | None = None
    ) -> None:
        """One more unit is finished."""
        progress = self.progress
        progress.done += 1
        if kept is not None:
            progress.kept = (progress.kept or 0) + kept
        progress.tokens += tokens
        if passed is not None:
            progress.passed = (progress.passed or 0) + passed
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=progress.done, figures=progress.figures())
        elif time.monotonic() - self._said >= PLAIN_INTERVAL_SECONDS:
            self._said = time.monotonic()
            self._reporter.say(
                f"{progress.title}: {progress.done}/{progress.total} ({progress.figures()})"
            )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return (
        f"{minutes} min {rest:02d} s"
        if minutes
        else f"{seconds:.1f} s"
        if seconds < 10
        else f"{rest} s"
    )
