"""The stages in their order, found by following what each requires; and what all goals share.

Nothing lists the stages: a stage that another one requires is in the chain.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from typing import Any, ClassVar

import luigi
from luigi.task import flatten

from pipeline.errors import ConfigError
from pipeline.project.project import Project
from pipeline.stages.base import PipelineTask
from pipeline.stages.batches import batches
from pipeline.stages.budget import Budget
from pipeline.stages.generation import GenerationTask
from pipeline.stages.seeds import Seeds
from pipeline.stages.selection import Selection
from pipeline.stages.stage import ShardTask


def shard_tasks(project: Project, shard: int = 0) -> list[ShardTask]:
    """The tasks that make a shard, in their order: all stages between the seeds and the selection."""
    tasks: dict[str, ShardTask] = {}
    for task in _with_required(Selection.shard_task(project, shard)):
        tasks.setdefault(task.stage, task)
    return list(tasks.values())


def _with_required(task: luigi.Task) -> Iterator[ShardTask]:
    for required in flatten(task.requires()):
        yield from _with_required(required)
    if isinstance(task, ShardTask):
        yield task


def other_models(project: Project) -> dict[str, Any]:
    """The models of stages that have another one than the base model, by stage."""
    others = {}
    for task in shard_tasks(project):
        if isinstance(task, GenerationTask):
            model = project.backend(task.section).model
            if model != project.model:
                others[task.stage] = model.identity
    return others


class Goal(PipelineTask):
    """A task that a user names: it needs the seeds up to date, and programs that run in sandboxes.

    A wrong configuration ends it before any source is read: all recipes are made first.
    """

    needs_sandbox = True
    # Whether `[project] hours` and `tokens` end it: others need a whole selection.
    has_budget: ClassVar[bool] = False
    is_cut_short = False  # by its budget, in this run: what is there is then all that it makes

    def requires(self) -> luigi.Task:
        return self.clone(Seeds)

    def is_made(self) -> bool:
        _ = self.project.sources, self.project.criteria, Selection.taken_out(self.project)
        for task in shard_tasks(self.project):
            _ = task.recipe
        seeds = self.clone(Seeds)
        made = seeds.is_made() and self.is_there()
        if not made:
            _ = self.budget  # the run begins here, whatever Luigi runs in other processes
            self.require_ready()
            # Luigi builds the graph of tasks before it runs any, and other processes do not share what a scan found.
            if self.plans_for_others and not seeds.is_made():
                seeds.run()
                made = self.is_there()
        return made

    @cached_property
    def budget(self) -> Budget | None:
        """What the run may spend. Raises ConfigError where several workers would have to share it."""
        budget = Budget.of(self.project, shard_tasks(self.project)) if self.has_budget else None
        if budget and self.is_shared:
            raise ConfigError("[project] hours and tokens are of one process, not of several workers", "set them to 0")
        return budget

    def make_selection(self) -> Generator[Any, Any, Selection]:
        """Require the selection step by step where a goal decides which shards it needs; return it when it is made.

        With a budget that is spent, it is the selection from the shards that are made.
        """
        selection, budget = Selection.of(self.project), self.budget
        if budget or self.project.settings.selection.rows:
            while due := selection.due:
                if budget and (spent := budget.spent()):
                    selection, self.is_cut_short = selection.cut(), True
                    self.reporter.say_once(
                        f"{spent}: the dataset is of {len(selection.shards)} shards; the next run goes on"
                    )
                    break
                due = due[:1] if budget else due
                yield [selection.shard_task(self.project, number) for number in due]
            if selection.missing_rows and not selection.first:
                wanted = self.project.settings.selection.rows
                self.reporter.say_once(
                    f"[selection] rows = {wanted}: the seeds end {selection.missing_rows} rows before that"
                )
        else:
            yield batches(self.project)
        yield selection
        return selection

    def require_ready(self) -> None:
        """Raises PipelineError where its own work, after the dataset's, could not be done."""

    def is_there(self) -> bool:
        """Whether it was made from the current seeds."""
        return super().is_made()


class Selected(Goal):
    """The selection over the seeds that are there now."""

    def is_there(self) -> bool:
        return Selection.of(self.project).is_made()

    def run(self) -> Iterator[luigi.Task]:
        yield from self.make_selection()
