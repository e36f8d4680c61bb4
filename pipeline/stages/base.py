"""The base tasks: what every stage's Luigi task shares.

A stage's task says what its units of work are and what an outcome is; here is how units become a shard:
the recipe's folder, the journal, resuming, progress, and for the three generating stages the way
through the engine.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import time
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, final

import luigi

from pipeline.engine import Completion, Engine, EngineError, Request, Sampling
from pipeline.errors import MachineError, PipelineError
from pipeline.project import session
from pipeline.prompts import render
from pipeline.records import Rejection
from pipeline.run.reporter import StageProgress
from pipeline.stages.recipes import GenerationPlan
from targets import Damaged, Finished, Recipe, ShardPaths, ShardWriter

logger = logging.getLogger("selfcodealign")

FIRST_SHARD_PRIORITY = 1_000_000
_NOTHING_CAN_BE_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


class PipelineTask(luigi.Task):
    """A task of this pipeline. Luigi asks `complete` before anything else: that begins the session."""

    @final
    def complete(self) -> bool:
        session.begin()
        try:
            return self.is_made()
        except PipelineError as error:
            session.fail(error)
        except Exception as error:
            self.on_failure(error)  # Luigi has it in the log only
            raise

    def is_made(self) -> bool:
        """Whether there is nothing to do: what a task overrides instead of `complete`."""
        return bool(super().complete())

    def on_failure(self, exception: BaseException) -> str:
        run = session.current()
        run.has_failed = True
        reporter = run.reporter
        if isinstance(exception, PipelineError):
            reporter.fail(exception.problem, exception.remedy)
        elif isinstance(exception, EngineError):
            reporter.fail(str(exception))
        elif isinstance(exception, Damaged):
            reporter.fail(str(exception), "`python -m pipeline verify --repair` makes anew what is")
        elif isinstance(exception, OSError) and exception.errno in _NOTHING_CAN_BE_WRITTEN:
            # Every other task would fail in the same way, some after work that could not be kept.
            reporter.fail(
                f"cannot write to {run.artifacts}: {exception.strerror}",
                "what is finished is safe; free or repair the disk, and the same command goes on",
            )
            raise session.Interrupted(MachineError.exit_code)
        else:
            reporter.fail(
                f"{self} failed: {type(exception).__name__}: {exception}",
                f"the trace is in {run.log_file}",
            )
        return str(super().on_failure(exception))


@PipelineTask.event_handler(luigi.Event.START)
def _reported_by(task: luigi.Task) -> None:
    """Luigi's own page shows the progress of the task that runs."""
    session.current().reporter.task = task


@PipelineTask.event_handler(luigi.Event.BROKEN_TASK)
def _report_broken(task: luigi.Task, error: BaseException) -> None:
    session.current().reporter.fail(f"{task}: {type(error).__name__}: {error}")


class ShardTask(PipelineTask):
    """One shard of one stage. `stage` is the name of the stage's folder."""

    shard = luigi.IntParameter(description="number of the shard")
    stage: ClassVar[str]

    @property
    def priority(self) -> int:  # type: ignore[override]
        """Earlier shards first: Luigi runs equal priorities last shard first, and takes none below 0."""
        return FIRST_SHARD_PRIORITY - int(self.shard)

    @property
    def recipe(self) -> Recipe:
        return session.current().recipes[self.stage]

    @property
    def paths(self) -> ShardPaths:
        return ShardPaths(self.recipe.folder(session.current().artifacts), self.shard)

    def input_paths(self, stage: str) -> ShardPaths:
        """The same shard of an earlier stage."""
        return session.current().shard(stage, self.shard)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.paths.records))

    def open_writer(self) -> ShardWriter:
        """The shard's writer, in a folder that says its recipe in words.

        Raises Finished when another worker has published the shard.
        """
        self.recipe.write(session.current().artifacts)
        return ShardWriter(self.paths)


@dataclass(frozen=True, slots=True)
class Unit:
    """One completion to be made: its id, the record it is made from, the sample's index."""

    id: str
    record: dict[str, Any]
    sample: int = 0


class GenerationTask(ShardTask):
    """A shard of a generating stage: each unit is one prompt, one completion, one outcome."""

    @abstractmethod
    def units(self) -> Iterable[Unit]:
        """What is to be generated for this shard, in a fixed order."""

    @property
    def stops(self) -> tuple[str, ...]:
        """Where a completion ends."""
        return render.STOPS[self.plan.form]

    @property
    def plan(self) -> GenerationPlan:
        return session.current().plans[self.stage]

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The engine that generates: one of the run's, which outlives the task."""
        yield session.current().engine_of(self.stage)

    def context(self, key: str) -> str:
        """The few-shot context of a key."""
        return render.context(session.current().exemplars, self.plan.form, self.plan.shots, key)

    def refuse(self, unit: Unit) -> Rejection | None:
        """Why a unit is dropped without asking the model, where it is."""
        return None

    @abstractmethod
    def tail(self, unit: Unit) -> str:
        """The unit's own part of the prompt."""

    @abstractmethod
    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        """The record that a finished completion holds, or the rule that it breaks."""

    def run(self) -> None:
        run = session.current()
        units = {unit.id: unit for unit in self.units()}
        began = time.monotonic()
        with suppress(Finished), self.open_writer() as writer:
            left = [unit for unit in units.values() if unit.id not in writer.done]
            with run.reporter.stage(
                self.stage, len(units), self.shard, resumed=writer.resumed
            ) as ticker:
                pending = [unit for unit in left if not self._refused(writer, ticker, unit)]
                # An engine is loaded for work only: a shard may be finished but for its publication.
                if pending:
                    with self.engine() as engine:
                        for completion in engine.generate(self._requests(pending)):
                            kept = self._settle(writer, units[completion.id], completion)
                            ticker.advance(kept, tokens=completion.new_tokens)
            seconds = round(time.monotonic() - began, 3)
            writer.publish({"seconds": seconds, "resumed": writer.resumed})

    def _requests(self, pending: list[Unit]) -> Iterator[Request]:
        """Requests in an order that lets the engine share: by context, then by prompt, samples together."""
        plan, kin = self.plan, self.recipe.kin
        sampling = Sampling(plan.temperature, plan.top_k, plan.top_p, plan.min_p)
        by_context: dict[str, list[Unit]] = defaultdict(list)
        for unit in pending:
            by_context[self._context_key(unit)].append(unit)
        for key in sorted(by_context):
            context = self.context(key)
            for unit in by_context[key]:
                yield Request(
                    id=unit.id,
                    context=context,
                    tail=self.tail(unit),
                    max_tokens=plan.max_tokens,
                    stops=self.stops,
                    seed=_number(kin, unit.record["id"], str(unit.sample)) % 2**32,
                    sampling=sampling,
                )

    def prompt(self, unit: Unit) -> tuple[str, str]:
        """The unit's prompt as it is sent: the few-shot context, and the unit's own tail."""
        return self.context(self._context_key(unit)), self.tail(unit)

    def _context_key(self, unit: Unit) -> str:
        """Which few-shot context a unit gets, from its record's id alone: all samples get the same."""
        contexts = session.current().settings.prompts.fewshot_contexts
        if contexts == "per_record":
            return str(unit.record["id"])
        number = _number("context", unit.record["id"]) % int(contexts)
        return f"shard {self.shard} context {number}"

    def _refused(self, writer: ShardWriter, ticker: StageProgress, unit: Unit) -> bool:
        """Journal a unit that is dropped without asking the model; return whether it is."""
        refused = self.refuse(unit)
        if refused is not None:
            writer.reject(unit.id, refused.rule, refused.evidence)
            ticker.advance(False)
        return refused is not None

    def _settle(self, writer: ShardWriter, unit: Unit, completion: Completion) -> bool:
        """Journal the completion's outcome; return whether it was kept."""
        spent = {
            "completions": 1,
            "prompt_tokens": completion.prompt_tokens,
            "computed_prompt_tokens": completion.computed_prompt_tokens,
            "new_tokens": completion.new_tokens,
        }
        outcome: dict[str, Any] | Rejection
        if completion.reason == "stop":
            outcome = self.parse(unit, completion.text)
        else:
            outcome = Rejection(completion.reason, completion.detail or completion.text[-200:])
        if isinstance(outcome, Rejection):
            writer.reject(
                unit.id, outcome.rule, outcome.evidence, spent, completion=completion.text
            )
            return False
        writer.keep(unit.id, outcome, spent)
        return True


def draw(options: list[str], *key: str) -> str:
    """One of the options, uniformly by hash of the key: the same on every machine and at every run."""
    return options[_number(*key) % len(options)]


def _number(*key: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(key).encode()).digest()[:8], "big")
