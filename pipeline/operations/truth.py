"""Takes tasks with hidden tests through the pipeline's own stages, and finds which answers are right.

In: benchmark tasks with tests. Their statements stand in the place of instructions; the model answers them with tests
of its own, and everything from the responses on is done by the stages of a run. Out: every answer as a candidate
of the selection, with whether the task's own tests pass, which no stage sees.

The files lie in a scratch project, shard by shard of `TASKS_A_SHARD` tasks in order of hash, so that a part of the
tasks is a random part, and more tasks only add to it. Whatever was finished is read again: another way of choosing
costs no completion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import joined
from pipeline.errors import ConfigError
from pipeline.operations.scratch_run import scratch_project
from pipeline.packs import problems, programs
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.records import Candidate, Seed, instruction_of
from pipeline.seeds import scan
from pipeline.selection.candidates import read_joined
from pipeline.stages import verdicts
from pipeline.stages.chain import shard_tasks
from pipeline.stages.executions import Executions
from pipeline.stages.instructions import LANGUAGE, Instructions
from pipeline.stages.repairs import Repairs
from pipeline.stages.responses import Responses
from pipeline.stages.selection import Selection
from pipeline.stages.stage import ShardTask
from pipeline.text.hashing import rank
from sandbox import Program
from targets import AlreadyPublished, Artifacts, Recipe, ShardPaths, ShardWriter
from targets.journal import read_journal

TASKS_A_SHARD = 20
# What compares rows with benchmarks or with one another has no say in whether an answer is right.
_NOT_COMPARED = {
    ("decontamination", "packs"): "",
    ("selection", "near_duplicates"): 1.0,
    ("selection", "max_same_names"): 0,
    ("selection", "max_per_concept"): 0,
    ("selection", "max_per_category"): 0,
    ("selection", "max_per_difficulty"): 0,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to some tasks: `candidates` are those that a selection would get, `right` the ids of right ones.

    `tasks` are the ids of the tasks as instructions; `completions` counts all that were drawn, `in_form` has the ids
    of those that are responses.
    """

    tasks: tuple[str, ...]
    completions: int
    new_tokens: int
    in_form: frozenset[str]
    passing: frozenset[str]
    right: frozenset[str]
    candidates: tuple[Candidate, ...]

    def of(self, tasks: Iterable[str]) -> Answers:
        """The answers to a part of the tasks. Completions and tokens are shared out evenly."""
        chosen = frozenset(tasks)
        share = len(chosen) / max(len(self.tasks), 1)

        def part(ids: frozenset[str]) -> frozenset[str]:
            return frozenset(id for id in ids if instruction_of(id) in chosen)

        return Answers(
            tuple(id for id in self.tasks if id in chosen),
            round(self.completions * share),
            round(self.new_tokens * share),
            part(self.in_form),
            part(self.passing),
            part(self.right),
            tuple(one for one in self.candidates if instruction_of(one["id"]) in chosen),
        )


class HiddenTests:
    """Tasks with hidden tests as a project of their own, derived from `project`, with its files below `folder`."""

    def __init__(self, project: Project, folder: Path, tasks: Iterable[Task]) -> None:
        self.project = scratch_project(project, folder).variant(_NOT_COMPARED)
        self._tasks = {_id(task): task for task in tasks}
        ids = sorted(self._tasks)
        self._shards = [ids[start : start + TASKS_A_SHARD] for start in range(0, len(ids), TASKS_A_SHARD)]

    @property
    def shards(self) -> range:
        """The numbers of the shards that all tasks make."""
        return range(len(self._shards))

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    def places(self) -> dict[str, Seed]:
        """Every task as the seed that it stands for, by id."""
        return {id: _seed(id, task) for id, task in self._tasks.items()}

    def answer(self, shard: int) -> None:
        """Have the tasks of a shard answered and its answers judged, as far as that is not done."""
        responses, *others = self._stages(shard)
        self._write_tasks(shard, responses)
        for task in (responses, *others):
            if not task.paths.records.exists():
                task.run()
        self._judge(shard, responses)

    def is_answered(self, shard: int) -> bool:
        """Whether all is done that `answer` does."""
        return self._truth(shard).records.exists()

    def read(self, shards: Iterable[int]) -> Answers:
        """The answers of shards that are answered."""
        parts = [self._read(shard) for shard in shards]
        return Answers(
            tuple(id for part in parts for id in part.tasks),
            sum(part.completions for part in parts),
            sum(part.new_tokens for part in parts),
            frozenset().union(*(part.in_form for part in parts)),
            frozenset().union(*(part.passing for part in parts)),
            frozenset().union(*(part.right for part in parts)),
            tuple(one for part in parts for one in part.candidates),
        )

    def _read(self, shard: int) -> Answers:
        responses, *others = self._stages(shard)
        drawn = [responses, *(task for task in others if task.stage == Repairs.stage)]
        units = [unit for task in drawn for unit in read_journal(task.paths.units)]
        return Answers(
            tuple(self._shards[shard]),
            int(sum(unit["spent"].get("completions", 0) for unit in units)),
            int(sum(unit["spent"].get("new_tokens", 0) for unit in units)),
            frozenset(record["id"] for record in responses.paths.read()),
            frozenset(one["id"] for one in joined.read(self._artifacts, "executions", shard) if one["passed"]),
            frozenset(record["id"] for record in self._truth(shard).read() if record["passed"]),
            tuple(read_joined(self._artifacts, shard)),
        )

    @property
    def _artifacts(self) -> Artifacts:
        return Selection.shard_task(self.project, 0).artifacts

    def _stages(self, shard: int) -> Sequence[ShardTask]:
        """The stages of a run from the responses on."""
        tasks = shard_tasks(self.project, shard)
        first = next(number for number, task in enumerate(tasks) if task.stage == "responses")
        return tasks[first:]

    def _write_tasks(self, shard: int, responses: ShardTask) -> None:
        seeds = [_seed(id, self._tasks[id]) for id in self._shards[shard]]
        _write(scan.recipe(), self.project.artifacts, shard, seeds)
        instructions = [_instruction(id, self._tasks[id]) for id in self._shards[shard]]
        # A project may have stages of its own between the instructions and the responses.
        for recipe in (responses.artifacts.recipe_of(Instructions.stage), responses.before.recipe):
            _write(recipe, self.project.artifacts, shard, instructions)

    def _truth(self, shard: int) -> ShardPaths:
        recipe = self._truth_recipe(shard)
        return ShardPaths(recipe.folder(self.project.artifacts), shard)

    def _truth_recipe(self, shard: int) -> Recipe:
        stages = {task.stage: task for task in self._stages(shard)}
        executions, answers = stages[Executions.stage], stages.get(Repairs.stage) or stages[Responses.stage]
        return Recipe("truth", executions.ingredients(), answers.recipe, executions.limits())

    def _judge(self, shard: int, responses: ShardTask) -> None:
        """Run every response under its task's own tests."""
        if self.is_answered(shard):
            return
        self._truth_recipe(shard).write(self.project.artifacts)
        with ShardWriter(self._truth(shard)) as writer:
            programs = [
                Program(record["id"], _program(self._tasks[record["instruction_id"]], record["code"]))
                for record in joined.read(self._artifacts, "responses", shard)
                if record["id"] not in writer.done
            ]
            with open_pool(self.project, responses.reporter.say) as pool:
                for result in pool.run_many(programs):
                    verdicts.outcome(result).journal(writer)
            writer.publish()


def _write(recipe: Recipe, artifacts: Path, shard: int, records: Iterable[Any]) -> None:
    """Publish records as a shard of a stage, unless they are there."""
    paths = ShardPaths(recipe.write(artifacts), shard)
    if paths.records.exists():
        return
    try:
        with ShardWriter(paths) as writer:
            for record in records:
                writer.keep(record["id"], dict(record))
            writer.publish()
    except AlreadyPublished:
        pass


def require_hidden_tests(pack: Pack) -> None:
    """Raise ConfigError for a pack whose tasks are no functions with tests of their own."""
    if not all(task.entry_point and programs.has_own_tests(task) and task.tests.strip() for task in pack.tasks):
        raise ConfigError(
            f"{pack.path} has tasks that are no functions with tests: its layout is {pack.layout}",
            "take HumanEval, MBPP, or a pack in the layout of one of them",
        )


def _id(task: Task) -> str:
    return rank("task", task.name).hex()[:16]


def _seed(id: str, task: Task) -> Seed:
    return {
        "id": id,
        "code": "",
        "name": task.entry_point,
        "kind": "functions",
        "source": task.pack,
        "path": task.id,
        "lines": [1, 1],
        "digest": rank("task", task.name).hex(),
        "licence": None,
        "repository": None,
        "revision": None,
    }


def _program(task: Task, code: str) -> str:
    return programs.program(task, programs.complete(task, code))


def _instruction(id: str, task: Task) -> dict[str, Any]:
    return {
        "id": id,
        "instruction": problems.without_tests(task),
        "category": "function implementation",
        "difficulty": "easy",
        "language": LANGUAGE,
        "concepts": [],
    }
