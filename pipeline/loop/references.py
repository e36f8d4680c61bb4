"""References: the outputs that a pack's own solutions give for its inputs, each computed once, in a program of its own.

In: a pack with inputs (EvalPlus, EvoEval). Out: `artifacts/references/<recipe>/` with one record for each task and
suite: {id, task, suite, expected, second, seconds}, the outputs packed as text, which only the sandbox unpacks. The
recipe holds the pack's digest. A task whose solution gives no outputs is rejected: it is left out of every score, which
names it.
"""

from __future__ import annotations

import sys
from collections.abc import Set
from typing import Any, ClassVar

import luigi

from pipeline.errors import ConfigError, MachineError
from pipeline.loop.pack_task import PackTask
from pipeline.packs import programs
from pipeline.packs.layouts import Task
from pipeline.project.sandboxes import CHECK, open_pool
from pipeline.records import Rejection, Rules
from pipeline.stages.stage import Outcome, Outcomes, StageTask
from pipeline.text.lists import as_list
from sandbox import PROTOCOL, Program
from targets import Recipe

MOST_SECONDS = 600.0  # of a solution with all inputs of a suite, on a slow machine
MEMORY_MB = 4096  # EvalPlus's limit (evalplus/eval/__init__.py)
OUTPUT_MB = 48


class References(PackTask, StageTask):
    """Runs the solutions."""

    shard: int = luigi.IntParameter(default=0)

    stage, version = "references", 1
    rules: ClassVar[Rules] = {
        "no_reference": "The task's own solution did not run with the inputs of its pack: the task is not scored.",
    }
    needs_sandbox = True

    @property
    def recipe(self) -> Recipe:
        pack = self.benchmark
        ingredients = {
            "version": self.version,
            "pack": {"sha256": pack.revision, "name": pack.name},
            "sandbox": PROTOCOL,
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "packages": sorted(as_list(self.project.settings.sandbox.packages)),
        }
        return Recipe(self.stage, ingredients)

    def expected(self) -> int:
        return sum(len(programs.suites(task)) for task in self.benchmark.tasks)

    def progress(self, writer: Any) -> Any:
        return self.reporter.stage(self.stage, self.expected(), 0, writer.resumed)

    def outcomes(self, done: Set[str]) -> Outcomes:
        units = {
            f"{number:05d}-{place}": (task, suite)
            for number, task in enumerate(self.benchmark.tasks)
            for place, suite in enumerate(programs.suites(task))
        }
        pending = (
            Program(id, programs.reference(task, suite)) for id, (task, suite) in units.items() if id not in done
        )
        with open_pool(self.project, self.reporter.say, MOST_SECONDS, MEMORY_MB, OUTPUT_MB) as pool:
            for result in pool.run_many(pending):
                task, suite = units[result.id]
                outputs = programs.read_expected(result.stdout) if result.passed else None
                if result.status == "sandbox_error":
                    raise MachineError(f"{task.name}: its solution could not be run: {result.detail}", CHECK)
                if outputs is None:
                    reason = result.detail or f"it printed {len(result.stdout)} characters"
                    yield Outcome(result.id, Rejection("no_reference", f"{task.id}, {suite}: {reason}"))
                else:
                    yield Outcome(result.id, {"id": result.id, "task": task.id, "suite": suite, **outputs})

    def is_made(self) -> bool:
        made = super().is_made()
        if made:
            self.read()  # a pack of which nothing can be scored ends the run here, at every start
        return made

    def run(self) -> None:
        super().run()
        self.read()

    def read(self) -> dict[int, programs.Expected]:
        """The expected outputs by task's number and suite, of the tasks for which all are there.

        Raises ConfigError where that is no task.
        """
        found: dict[int, dict[str, Any]] = {}
        for record in self.paths.read():
            found.setdefault(int(record["id"][:5]), {})[record["suite"]] = record
        whole = {number: set(programs.suites(task)) for number, task in enumerate(self.benchmark.tasks)}
        complete: dict[int, programs.Expected] = {
            number: suites for number, suites in found.items() if set(suites) == whole[number]
        }
        if not complete:
            raise ConfigError(
                f"{self.benchmark.path} cannot be evaluated: not one of its own solutions runs with its inputs",
                f"the reasons are in {self.paths.rejected}",
            )
        return complete


def has_inputs(tasks: tuple[Task, ...]) -> bool:
    """Whether a pack's tasks need expected outputs."""
    return any(task.inputs is not None for task in tasks)
