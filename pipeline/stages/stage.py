"""What every stage is: a task whose work is a generator of outcomes, which become a published shard.

A stage's class declares everything on which its bytes depend: `version` (raise it when the code would write
something else from the same input), `ingredients` and `limits` (of the recipe), `rules` (under which it rejects), and
`requires` (the stage before it). Its outcomes pass through one body, `StageTask.run`: the recipe's folder, the
journal, resuming, progress, and publication.
"""

from __future__ import annotations

import shlex
import sys
import time
from abc import abstractmethod
from collections.abc import Generator, Iterator, Mapping, Set
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import luigi

from pipeline import joined
from pipeline.errors import ConfigError, Hopeless
from pipeline.project.project import Project
from pipeline.records import Rejection, Rules
from pipeline.stages.base import PipelineTask
from pipeline.stages.losses import NOT_PASSED, FirstLosses, by_rule
from pipeline.text.display import printable
from targets import AlreadyPublished, Artifacts, Recipe, ShardPaths, ShardWriter

FIRST_SHARD_PRIORITY = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one unit of work came to: a record, which carries its own id, or a rejection.

    `spent` is what it cost (tokens, seconds, runs); it is summed over the units of a shard. `completion` is the
    whole text that a rejection drops, where there is one.
    """

    unit: str
    result: Mapping[str, Any] | Rejection
    spent: Mapping[str, float] = field(default_factory=dict)
    completion: str | None = None

    @property
    def is_kept(self) -> bool:
        return not isinstance(self.result, Rejection)

    @property
    def passed(self) -> bool | None:
        """Whether the unit's program passed; None where no program was run."""
        return None if isinstance(self.result, Rejection) else self.result.get("passed")

    def journal(self, writer: ShardWriter) -> None:
        """Append it to the shard's journal."""
        if isinstance(self.result, Rejection):
            whole = {} if self.completion is None else {"completion": self.completion}
            rejection = self.result
            writer.reject(self.unit, rejection.rule, rejection.evidence, self.spent, **whole)
        else:
            writer.keep(self.unit, dict(self.result), self.spent)


Outcomes = Generator[Outcome, None, None]


class UndeclaredRule(Exception):
    """A stage rejected a unit under a rule that it does not declare: a defect of the stage."""


class StageTask(PipelineTask):
    """A task that makes one published file of records under a recipe.

    `rules` are those under which it rejects units, each with a sentence (`explain RULE`, docs/reference/rules.md);
    `hints` say for some of them what to change when they drop everything.
    """

    stage: ClassVar[str]
    version: ClassVar[int]
    rules: ClassVar[Rules] = {}
    hints: ClassVar[Rules] = {}
    number: ClassVar[int] = 0  # of the shard, where there is one only
    resumes: ClassVar[bool] = True  # what is in the journal of an interrupted run

    @property
    def applied_rules(self) -> Rules:
        """The rules of its class, and those that the user adds."""
        return self.rules

    @property
    @abstractmethod
    def recipe(self) -> Recipe:
        """What names the folder of its files."""

    @property
    def paths(self) -> ShardPaths:
        """The files that it makes."""
        return ShardPaths(self.recipe.folder(self.project.artifacts), self.number)

    @property
    def artifacts(self) -> Artifacts:
        """The folders of its recipe and of all stages before it."""
        return Artifacts(self.project.artifacts, self.recipe)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.paths.records))

    @abstractmethod
    def expected(self) -> int:
        """How many units of work there are, finished ones included."""

    @abstractmethod
    def outcomes(self, done: Set[str]) -> Outcomes:
        """The outcome of every unit of work but those that are `done`, each as soon as it is there."""

    def about(self, writer: ShardWriter) -> dict[str, Any]:
        """What the shard's meta document holds beside the counts."""
        return {"resumed": writer.resumed}

    def run(self) -> None:
        """Journal the outcome of every unit, and publish them when all are there."""
        began, rules = time.monotonic(), self.applied_rules
        # Another worker may have published the shard meanwhile.
        with suppress(AlreadyPublished), self.open_writer() as writer:
            with (
                closing(self.outcomes(frozenset(writer.done))) as outcomes,
                self.progress(writer) as progress,
            ):
                for outcome in outcomes:
                    if isinstance(outcome.result, Rejection) and outcome.result.rule not in rules:
                        raise UndeclaredRule(f"{self.stage}: {outcome.result.rule}")
                    outcome.journal(writer)
                    self.notice(outcome)
                    progress.advance(outcome.is_kept, int(outcome.spent.get("new_tokens", 0)), outcome.passed)
            seconds = round(time.monotonic() - began, 3)
            writer.publish({"seconds": seconds, **self.about(writer)})

    def notice(self, outcome: Outcome) -> None:
        """Look at an outcome that is in the journal."""

    @classmethod
    def hint(cls, rule: str) -> str:
        """What to do when a rule drops everything."""
        return cls.hints.get(rule, f"`selfcodealign explain {rule}` says what it rejects")

    def progress(self, writer: ShardWriter) -> Any:
        """The context in which the task reports its progress."""
        return self.reporter.stage(self.stage, self.expected(), None, writer.resumed)

    def open_writer(self) -> ShardWriter:
        """The writer of its records, in a folder that describes its recipe.

        Raises AlreadyPublished when another worker has published them.
        """
        self.recipe.write(self.project.artifacts)
        return ShardWriter(self.paths, self.resumes, command=shlex.join(sys.argv))


class ShardTask(StageTask):
    """One shard of one stage, made from the same shard of the stage before: what `requires` returns.

    `units_per_record` units are made from each record of the stage before; where that is not one, `fan_out` is
    the name of this number in the funnel of a dataset's manifest.
    """

    fan_out: ClassVar[str] = ""
    # The stage whose shard it is made from, where that is always the same.
    follows: ClassVar[type[luigi.Task]]

    shard: int = luigi.IntParameter(description="number of the shard")

    @property
    def number(self) -> int:  # type: ignore[override]
        return self.shard

    @property
    def priority(self) -> int:  # type: ignore[override]
        """Earlier shards first: Luigi runs equal priorities last shard first, and takes none below 0."""
        return FIRST_SHARD_PRIORITY - int(self.shard)

    @abstractmethod
    def ingredients(self) -> dict[str, Any]:
        """All that determines its bytes beside its version, its limits and the stage before, as JSON values."""

    def limits(self) -> dict[str, Any]:
        """How far a unit of work may go (tokens, seconds, bytes): see targets/recipe.py."""
        return {}

    @property
    def recipe(self) -> Recipe:
        recipes = self.project.recipes
        if self.stage not in recipes:
            recipes[self.stage] = Recipe(
                self.stage,
                {"version": self.version, **self.ingredients()},
                self.before.recipe,
                self.limits(),
            )
        return recipes[self.stage]

    def requires(self) -> luigi.Task | list[luigi.Task]:
        return self.after(self.follows)

    def after(self, stage: type[luigi.Task]) -> luigi.Task:
        """The task of a stage for the same shard, or of the last stage that `[project] stages` places behind it."""
        task: luigi.Task = self.clone(last_after(stage, self.project, type(self)))
        return task

    @cached_property
    def before(self) -> Any:
        """The task of the stage before, which makes the same shard: it has a recipe and paths."""
        return self.requires()

    def input_paths(self, stage: str) -> ShardPaths:
        """The same shard of an earlier stage."""
        return self.artifacts.shard(stage, self.shard)

    def kept_of(self, stage: str) -> Iterator[dict[str, Any]]:
        """The records of an earlier stage that the stage before kept: of both, records have the same ids."""
        if stage == self.before.stage:
            yield from self.before.paths.read()
            return
        kept = {record["id"] for record in self.before.paths.read()}
        yield from (record for record in self.records_of(stage) if record["id"] in kept)

    def records_of(self, stage: str) -> Iterator[dict[str, Any]]:
        """The records of an earlier stage for the same shard, repaired ones in place of their attempts."""
        return joined.read(self.artifacts, stage, self.shard)

    @property
    def units_per_record(self) -> int:
        """How many units a record of the stage before makes."""
        return 1

    def units_of(self, record: str) -> list[str]:
        """The ids of the units that a record of the stage before makes."""
        return [record]

    def depends_on(self, unit: str, records: Set[str]) -> bool:
        """Whether a unit is made from one of these records of the stage before."""
        return unit in records

    def notice(self, outcome: Outcome) -> None:
        """Warn when the stage has lost everything so far, or end the run as [project] stop_when_hopeless says.

        Raises Hopeless.
        """
        first: FirstLosses = self.project.first_losses.setdefault(self.stage, FirstLosses())
        result = outcome.result
        if isinstance(result, Rejection):
            hopeless = first.lose(outcome.unit, result.rule, result.evidence)
        elif outcome.passed is False:
            hopeless = first.lose(outcome.unit, NOT_PASSED, f"{result['status']} {result['detail']}")
        else:
            first.keep()
            return
        if hopeless:
            self._despair(first)

    def _despair(self, first: FirstLosses) -> None:
        rule, unit = first.rules.most_common(1)[0][0], printable(first.example[0])
        problem = (
            f"all of the first {first.rules.total()} records of {self.stage} were lost ({by_rule(first.rules)}), "
            f"such as {unit}: {printable(first.example[1])}"
        )
        stop = self.project.settings.project.stop_when_hopeless
        if stop == "on" or (stop == "auto" and not self.reporter.console.is_terminal):
            raise Hopeless(problem, f"{self.hint(rule)}; or set [project] stop_when_hopeless = off to go on")
        self.reporter.say(f"warning: {problem}\n  {self.hint(rule)}")

    def expected(self) -> int:
        return int(self.before.paths.read_meta()["kept"]) * self.units_per_record

    def progress(self, writer: ShardWriter) -> Any:
        return self.reporter.stage(self.stage, self.expected(), self.shard, writer.resumed)


def last_after(stage: type[Any], project: Project, until: type[ShardTask] | None = None) -> type[Any]:
    """The last stage that `[project] stages` places behind `stage`, and before `until`; `stage` where there is none.

    Raises ConfigError for an added class that is no stage.
    """
    last = stage
    for added in project.added_stages:
        if added is until:
            break
        if not (isinstance(added, type) and issubclass(added, ShardTask) and hasattr(added, "follows")):
            problem = f"[project] stages: {added} is no stage"
            raise ConfigError(problem, "a stage is a class of ShardTask with `follows`: see docs/how-to/add-a-stage.md")
        if _name(added.follows) == _name(stage):
            last = added
    return last


def _name(stage: type[Any]) -> Any:
    """What a stage is called: several classes may make it, by the configuration."""
    return getattr(stage, "stage", stage)
