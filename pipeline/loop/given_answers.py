"""Answers that others have generated: reads the files in which evaluators keep them.

    EvalPlus      {"task_id", "solution"}: a whole program; or {"task_id", "completion"}: what continues the prompt
    lm-eval       {"doc", "resps", "filtered_resps"}: a file of --log_samples (lm-evaluation-harness)
    this project  {"id", "code"}: a shard of artifacts/answers/

In: a file of JSON Lines, also gzipped, and a pack. Out: complete programs by the task's number. Out of the pipeline:
`artifacts/given_answers/<recipe>/` with one record for each sample, {id, code}, as the stage answers writes them.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import luigi
import orjson

from pipeline.errors import ConfigError, MissingDataError
from pipeline.loop.answers import answer_id, task_number
from pipeline.loop.pack_task import PackTask
from pipeline.loop.references import References, has_inputs
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.packs.programs import complete
from pipeline.records import Rules
from pipeline.stages.stage import Outcome, Outcomes, StageTask
from targets import Recipe, ShardWriter

_KEYS = '"task_id" with "solution" or "completion", "doc" with "resps", or "id" with "code"'


class GivenAnswers(PackTask, StageTask):
    """Reads the file of [evaluation] answers."""

    shard: int = luigi.IntParameter(default=0)

    stage, version = "given_answers", 1
    rules: ClassVar[Rules] = {}

    def requires(self) -> list[luigi.Task]:
        return [self.clone(References)] if has_inputs(self.benchmark.tasks) else []

    @property
    def file(self) -> Path:
        """The file of [evaluation] answers."""
        return self.project.path(self.project.settings.evaluation.answers)

    @property
    def recipe(self) -> Recipe:
        pack = self.benchmark
        ingredients = {
            "version": self.version,
            "answers": {"name": self.file.name, "sha256": hashlib.sha256(_content(self.file)).hexdigest()},
            "pack": {"name": pack.name, "layout": pack.layout, "sha256": pack.revision},
        }
        return Recipe(self.stage, ingredients)

    @cached_property
    def given(self) -> Given:
        """What the file holds."""
        return read_answers(self.file, self.benchmark)

    @property
    def most_of_a_task(self) -> int:
        """The number of answers of the task that has the most."""
        return max(map(len, self.given.programs.values()))

    def coverage(self) -> dict[str, list[str]]:
        """Tasks of the pack without an answer, and answered tasks that the pack has not, where there are any."""
        tasks = enumerate(self.benchmark.tasks)
        unanswered = [task.id for number, task in tasks if number not in self.given.programs]
        named = {"unanswered": unanswered, "foreign": list(self.given.foreign)}
        return {key: ids for key, ids in named.items() if ids}

    def expected(self) -> int:
        return sum(map(len, self.given.programs.values()))

    def progress(self, writer: ShardWriter) -> Any:
        return self.reporter.stage(self.stage, self.expected(), 0, writer.resumed)

    def outcomes(self, done: Set[str]) -> Outcomes:
        for task, programs in self.given.programs.items():
            for sample, code in enumerate(programs):
                if (id := answer_id(task, sample)) not in done:
                    yield Outcome(id, {"id": id, "code": code})


@dataclass(frozen=True, slots=True)
class Given:
    """Complete programs by the number of their task in the pack, and the tasks that the pack has not."""

    programs: dict[int, list[str]]
    foreign: tuple[str, ...]


def read_answers(path: Path, pack: Pack) -> Given:
    """The answers of a file to the tasks of a pack.

    Raises MissingDataError for a file that cannot be read, ConfigError for a line of another form or without a task of
    the pack, and where no line has one.
    """
    by_id = {task.id: number for number, task in enumerate(pack.tasks)}
    found: dict[int, list[str]] = {}
    foreign: dict[str, None] = {}
    for place, row in _rows(path):
        for id, code in _answers_of(row, place, pack.tasks, by_id):
            if isinstance(id, int):
                found.setdefault(id, []).append(code)
            else:
                foreign[id] = None
    if not found:
        raise ConfigError(
            f"{path}: none of its answers is to a task of {pack.name}, whose first is {pack.tasks[0].id}",
            "name the pack that was answered",
        )
    return Given(dict(sorted(found.items())), tuple(foreign))


def _answers_of(
    row: dict[str, Any], place: str, tasks: tuple[Task, ...], by_id: dict[str, int]
) -> Iterator[tuple[int | str, str]]:
    """The programs of a row, each with its task's number, or the id of a task that the pack has not."""
    if isinstance(row.get("doc"), dict) and "resps" in row:
        number = _number(row["doc"].get("task_id"), by_id)
        for text in _flat(row.get("filtered_resps") or row["resps"]):
            yield number, _whole(tasks[number], text) if isinstance(number, int) else text
    elif "task_id" in row and isinstance(row.get("solution"), str):
        number = _number(row["task_id"], by_id)
        text = row["solution"]
        yield number, _in_its_class(tasks[number], text) if isinstance(number, int) else text
    elif "task_id" in row and isinstance(row.get("completion"), str):
        number = _number(row["task_id"], by_id)
        text = row["completion"]
        yield number, _continued(tasks[number], text) if isinstance(number, int) else text
    elif isinstance(row.get("id"), str) and isinstance(row.get("code"), str):
        yield _place(row["id"], len(tasks)), row["code"]
    else:
        raise ConfigError(f"{place} is no answer: it has the keys {', '.join(sorted(row))}", f"an answer has {_KEYS}")


def _number(id: Any, by_id: dict[str, int]) -> int | str:
    """The number of a task by its id, or else the id; MBPP's is a number, or `Mbpp/` and a number."""
    text = str(id)
    for name in (text, f"Mbpp/{text}", text.removeprefix("Mbpp/")):
        if name in by_id:
            return by_id[name]
    return text


def _place(id: str, tasks: int) -> int | str:
    """The number of a task by the id of one of this project's answers, or else the id."""
    try:
        number = task_number(id)
    except ValueError:
        return id
    return number if 0 <= number < tasks else id


def _continued(task: Task, completion: str) -> str:
    """A completion after the prompt that it continues, as EvalPlus puts them together."""
    if task.asked is not None and task.asked.method:
        return _in_its_class(task, task.asked.document + completion)
    stub = task.stub
    return f"{stub}{completion}" if stub else f"{task.setup}\n{completion}"


def _in_its_class(task: Task, solution: str) -> str:
    """A whole program as it is; of a task that is a method (ClassEval), the method in its class."""
    return complete(task, solution) if task.asked is not None and task.asked.method else solution


def _whole(task: Task, text: str) -> str:
    """A program of lm-eval, whose filters put the prompt before some answers and not before others."""
    stub = task.stub
    return text if not stub or f"def {task.entry_point}" in text else stub + text


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _flat(item)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with its place, in words."""
    content = _content(path)
    if path.name.endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ConfigError(f"{path} is damaged: {error}", "fetch it again") from error
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number},"
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ConfigError(f"{place} is not JSON: {error}", "one answer a line") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{place} is not a JSON object", f"an answer has {_KEYS}")
        yield place, row


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingDataError(
            f"[evaluation] answers: {path} cannot be read: {error.strerror}", "correct the path"
        ) from error
