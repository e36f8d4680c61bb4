"""What one run may spend, by `[project] hours` and `tokens`: a run whose budget is spent begins no further shard.

The shard at work is finished first. So each run makes one shard at least, and the runs of many nights make them all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.project.project import Project
from pipeline.stages.stage import ShardTask
from pipeline.text.display import duration
from targets import ShardPaths


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget, and where a run stood when it began: a time in seconds, tokens, finished shards of the last stage."""

    project: Project
    tasks: Sequence[ShardTask]
    began: float
    tokens_before: int
    shards_before: int

    @classmethod
    def of(cls, project: Project, tasks: Sequence[ShardTask]) -> Budget | None:
        """The budget of a run that begins now; None where there is no limit. `tasks` are those of one shard."""
        section = project.settings.project
        if not section.hours and not section.tokens:
            return None
        begun = cls(project, tasks, time.monotonic(), 0, 0)
        return cls(project, tasks, begun.began, begun._tokens(), begun._shards())

    def spent(self) -> str:
        """What of the budget is spent, in words; empty while nothing is, or the run has not finished a shard."""
        section = self.project.settings.project
        if self._shards() == self.shards_before:
            return ""
        seconds = time.monotonic() - self.began
        if section.hours and seconds >= 3600 * section.hours:
            return f"[project] hours: {duration(seconds)} of {duration(3600 * section.hours)} are spent"
        tokens = self._tokens() - self.tokens_before
        if section.tokens and tokens >= section.tokens:
            return f"[project] tokens: {tokens:,} of {section.tokens:,} are spent"
        return ""

    def _tokens(self) -> int:
        """New tokens of all finished shards."""
        metas = (shard.read_meta() for task in self.tasks for shard in self._finished(task))
        return sum(int(meta["spent"].get("new_tokens", 0)) for meta in metas)

    def _shards(self) -> int:
        return sum(1 for _ in self._finished(self.tasks[-1]))

    def _finished(self, task: ShardTask) -> Iterator[ShardPaths]:
        shards = (ShardPaths(task.paths.folder, number) for number in self.project.scan.shards_in_force)
        return (shard for shard in shards if shard.records.exists())
