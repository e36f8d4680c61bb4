"""Stage 8, selection (global): which response of each instruction becomes an example.

In: all shards that hold current seeds. Out: one shard of examples under a recipe that covers the snapshot of the
seeds, with every response that was not taken in its rejected file, by rule (pipeline/selection/). Shards are judged
one after the other, so that new shards never take earlier rows out; with `[selection] keep = best` all are judged
together, and of near-duplicates the best row wins wherever it is. With `[selection] rows` only as many shards are read
as give that many rows (pipeline/selection/goal.py); with a budget (pipeline/stages/budget.py) perhaps only the first.
Rows get their forms by [shaping] (pipeline/stages/shaped.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar

import luigi

from pipeline.extensions import UserFunction, require_new_names, sentences
from pipeline.project.project import Project
from pipeline.records import Rules
from pipeline.selection import shaping
from pipeline.selection.by_hand import ByHand, read
from pipeline.selection.candidates import read_joined
from pipeline.selection.goal import RowGoal
from pipeline.selection.rules import RULES
from pipeline.selection.selector import Selector
from pipeline.stages import verdicts
from pipeline.stages.monologues import last_of
from pipeline.stages.ratings import require_rated
from pipeline.stages.shaped import in_form
from pipeline.stages.stage import Outcome, Outcomes, ShardTask, StageTask, last_after
from pipeline.text import private
from targets import Artifacts, Recipe, ShardPaths, ShardWriter

# Later keys, with the value that selects as before there was the key: only other values are in the recipe.
AS_BEFORE: Mapping[str, Any] = {"per_instruction": 1, "rows": 0, "then": "none", "trivial": True}
# Keys whose values are not in the recipe: of files and functions the content is instead, and `trust` decides whether a
# run begins.
_NOT_VALUES = frozenset({*AS_BEFORE, "reject", "rules", "score", "trust"})


def selector_of(project: Project, places: Mapping[str, Any], by_hand: ByHand | None = None, most: int = 0) -> Selector:
    """The selector of a project's settings over seeds with these places; as Selector has it."""
    return Selector(
        places,
        project.settings.selection,
        project.selection_rules,
        project.selection_score,
        by_hand,
        most,
        project.exemplars.exemplars,
    )


class Selection(StageTask):
    """The selection over a snapshot; `snapshot` is its digest. `first` is for one that a budget cut short."""

    snapshot: str = luigi.Parameter(description="digest of the seeds in force")
    first: int = luigi.IntParameter(
        default=0, description="how many shards, from the first one; 0: all that are needed"
    )

    stage, version = "selection", 7
    rules: ClassVar[Rules] = RULES
    hints = verdicts.HINTS
    resumes = False  # Selecting is quick and must see all candidates in order: an interrupted one starts over.

    @staticmethod
    def of(project: Project) -> Selection:
        """The selection over the seeds that are current in a project."""
        return Selection(snapshot=project.scan.snapshot.digest, project=project)

    @staticmethod
    def shard_task(project: Project, shard: int) -> ShardTask:
        """The task that makes a shard of candidates: the last stage before the selection."""
        settings = project.settings
        require_rated(settings.selection.choose, settings.ratings.enabled)
        stage: type[ShardTask] = last_after(last_of(settings), project)
        return stage(shard=shard, project=project)

    def requires(self) -> list[luigi.Task]:
        return [self.shard_task(self.project, number) for number in self.shards]

    @property
    def shards(self) -> list[int]:
        """The shards that it is made from; where a number of rows is wanted, those of them that are made."""
        in_force = self.project.scan.shards_in_force
        if self.first:
            return in_force[: self.first]
        goal = self._goal
        if goal is None:
            return in_force
        for number in in_force[len(goal.shards) :]:
            if goal.is_reached or not self._is_made(number):
                break
            goal.add(number)
        return goal.shards

    @property
    def due(self) -> list[int]:
        """The next shards to make before it can be made, as far as they are known."""
        in_force, taken, goal = self.project.scan.shards_in_force, self.shards, self._goal
        if self.first or goal is None:
            return [number for number in taken if not self._is_made(number)]
        return [] if goal.is_reached else in_force[len(taken) : len(taken) + goal.foreseen]

    @property
    def foreseen(self) -> list[int]:
        """The shards that it is made from, as far as they are known: with those that are due."""
        return self.shards if self._goal is None else [*self.shards, *self.due]

    def _is_made(self, shard: int) -> bool:
        return self._input(self.candidates.recipe.stage, shard).records.exists()

    @property
    def missing_rows(self) -> int:
        """How many of the wanted rows the shards do not give."""
        return max(self._goal.wanted - self._goal.rows, 0) if self._goal else 0

    def cut(self) -> Selection:
        """The selection from the first shards alone, those that are made."""
        in_force = self.project.scan.shards_in_force
        made = next((index for index, shard in enumerate(in_force) if not self._is_made(shard)), len(in_force))
        return Selection(snapshot=self.snapshot, first=made, project=self.project)

    @cached_property
    def _goal(self) -> RowGoal | None:
        section = self.project.settings.selection
        if not section.rows:
            return None
        return RowGoal(
            section.rows,
            self._selector,
            lambda number: read_joined(self.candidates, number),
            together=section.keep == "best",
        )

    def _selector(self) -> Selector:
        rows = self.project.settings.selection.rows
        return selector_of(self.project, self.project.scan.snapshot.occurrences, self._by_hand, rows)

    @staticmethod
    def taken_out(project: Project) -> ByHand:
        """What a person took out. Raises PipelineError where the list cannot be read."""
        named = project.settings.selection.reject
        return read(project.path(named)) if named else ByHand()

    @cached_property
    def _by_hand(self) -> ByHand:
        return self.taken_out(self.project)

    @cached_property
    def candidates(self) -> Artifacts:
        """The shards that candidates are read from."""
        return self.shard_task(self.project, 0).artifacts

    @property
    def applied_rules(self) -> Rules:
        return {**self.rules, **sentences(self._user_functions)}

    @property
    def _user_functions(self) -> list[UserFunction]:
        """Those of `[selection] rules` and `score`. Raises ConfigError where a name is taken."""
        score = self.project.selection_score
        named = [*self.project.selection_rules, *([score] if score else [])]
        require_new_names("[selection] rules", named, self.rules)
        return named

    @property
    def recipe(self) -> Recipe:
        section = self.project.settings.selection
        ingredients = {
            "version": self.version,
            **{key: getattr(section, key) for key, _ in section.get_params() if key not in _NOT_VALUES},
            **({"reject": self._by_hand.digest} if section.reject else {}),
            "snapshot": self.snapshot,
            "secrets": private.detector(),
        }
        if functions := [function.identity for function in self._user_functions]:
            ingredients |= {"functions": functions, "score": section.score}
        ingredients |= {key: value for key in AS_BEFORE if (value := getattr(section, key)) != AS_BEFORE[key]}
        if self.first:
            ingredients["first"] = self.first
        if shaping.is_on(shapes := self.project.settings.shaping):
            ingredients["shaping"] = {key: getattr(shapes, key) for key, _ in shapes.get_params()}
        return Recipe(self.stage, ingredients, self.candidates.recipe)

    def expected(self) -> int:
        last = self.candidates.recipe.stage
        return sum(self._input(last, number).read_meta()["kept"] for number in self.shards)

    def _input(self, stage: str, number: int) -> ShardPaths:
        return self.candidates.shard(stage, number)

    def about(self, writer: ShardWriter) -> dict[str, Any]:
        return {"shards": self.shards}

    def outcomes(self, done: Set[str]) -> Outcomes:
        section = self.project.settings.selection
        selector = self._selector()
        batches = (read_joined(self.candidates, number) for number in self.shards)
        for batch in [chain.from_iterable(batches)] if section.keep == "best" else batches:
            for fate in in_form(self.project, self.reporter.say, selector.judge(batch)):
                yield Outcome(fate.id, fate.outcome)
        if unmet := self._by_hand.unmet:
            self.reporter.say(
                f"[selection] reject: no response has the id {', '.join(unmet[:5])} ({len(unmet)} in all)"
            )
