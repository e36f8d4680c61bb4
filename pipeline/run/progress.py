"""The progress of one task: its counts and rates, and the lines that display them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.run.status import Counts
from pipeline.text.display import counted, duration


@dataclass
class StageProgress:
    """Counts of one task: units done of `total`, of which kept; new tokens; passed programs.

    `kept` is None for the files of a scan, which are only read.
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
    # What is at work before the first unit is finished, in words.
    doing: Callable[[], str] = lambda: ""

    def advance(self, kept: bool | None = None, tokens: int = 0, passed: bool | None = None) -> None:
        """One more unit is finished."""
        self.done += 1
        if kept is not None:
            self.kept = (self.kept or 0) + kept
        self.tokens += tokens
        if passed is not None:
            self.passed = (self.passed or 0) + passed

    @property
    def title(self) -> str:
        """The stage, with the number of the shard where there is one."""
        return self.stage if self.shard is None else f"{self.stage} {self.shard:06d}"

    @property
    def fresh(self) -> int:
        """Units that this task has finished, without those of an earlier, interrupted run."""
        return self.done - self.resumed

    @property
    def seconds(self) -> float:
        """Time since the task began; never 0."""
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
        """The line of a task at work."""
        doing = "" if self.fresh else self.doing()
        return f"{self.title}: {self.done}/{self.total} ({doing or self.figures()})"

    def summary(self) -> str:
        """The line of a finished task."""
        earlier = f" after {self.resumed} earlier ones" if self.resumed else ""
        if self.kept is None:
            parts = [f"{self.title}: {counted(self.fresh, 'file')} read"]
        else:
            parts = [f"{self.title}: {self.fresh} done{earlier}"]
            if self.passed is None:
                parts.append(f"{self.kept} kept")
            else:
                parts.append(f"{self.passed} passed, {self.kept - self.passed} failed")
            parts.append(f"{self.fresh - self.kept} rejected")
        return f"{', '.join(parts)} in {duration(self.seconds)} ({self.figures()})"

    def timed(self) -> Counts:
        """The part of a sharded stage's counts that no file holds: the time of its fresh units."""
        return Counts(seconds=self.seconds, fresh=self.fresh, fresh_tokens=self.tokens)

    def whole(self) -> Counts:
        """The counts of a stage that has no shards."""
        kept = self.done if self.kept is None else self.kept
        return Counts(expected=self.total, done=self.done, kept=kept, seconds=self.seconds, fresh=self.fresh)
