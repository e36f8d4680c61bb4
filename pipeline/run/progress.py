"""The progress of one task: its counts and rates, and the lines that display them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.run.status import Counts
from pipeline.text.display import counted, duration


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that a model has read and written for a task, those of unfinished completions included."""

    read: int = 0
    written: int = 0


@dataclass
class StageProgress:
    """Counts of one task: units done of `total`, of which kept; new tokens of finished units; passed programs.

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
    # What a model has done so far; nothing where that is not known.
    in_flight: Callable[[], Tokens] = Tokens

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

    @property
    def written(self) -> int:
        """New tokens, those of unfinished completions included: long ones say nothing for minutes."""
        return max(self.tokens, self.in_flight().written)

    @property
    def doing(self) -> str:
        """What is at work before the first unit is finished, in words; empty where that is not known."""
        tokens = self.in_flight()
        if self.fresh or not tokens.read:
            return ""
        return f"{tokens.read:,} tokens of prompts read, {tokens.written:,} written"

    def figures(self) -> str:
        """Rates and time left, in words."""
        seconds, written = self.seconds, self.written
        parts = [f"{self.fresh / seconds:.1f}/s"]
        if written:
            parts.append(f"{written / seconds:.0f} tok/s")
        if self.passed is not None and self.fresh:
            parts.append(f"{100 * self.passed / self.fresh:.0f}% pass")
        if self.fresh and self.done < self.total:
            parts.append(f"{duration((self.total - self.done) * seconds / self.fresh)} left")
        return ", ".join(parts)

    def line(self) -> str:
        """The line of a task at work."""
        return f"{self.title}: {self.done}/{self.total} ({self.doing or self.figures()})"

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
        return Counts(seconds=self.seconds, fresh=self.fresh, fresh_tokens=self.written)

    def whole(self) -> Counts:
        """The counts of a stage that has no shards."""
        kept = self.done if self.kept is None else self.kept
        return Counts(expected=self.total, done=self.done, kept=kept, seconds=self.seconds, fresh=self.fresh)
