"""Evaluation: `luigi --module pipeline Evaluation` scores a model on the packs of [evaluation].

In: a pack, and complete programs for its tasks: a model's (answers.py), or those of a file (given_answers.py).
`PackEvaluation` runs each with the task's tests in a separate sandbox. Out: `artifacts/evaluation/<recipe>/` with one
verdict for each sample and suite (`shard-000000.jsonl`) and `report.json`: pass@k with 95 % intervals over the tasks.
A sample without a program, or one that did not end, counts as failed, and so does a pass that means nothing
(scoring.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import luigi
import orjson

from pipeline.errors import ConfigError
from pipeline.loop.answers import Answers, evaluated_model, model_is_there, task_number
from pipeline.loop.given_answers import GivenAnswers
from pipeline.loop.pack_task import PackTask
from pipeline.loop.references import MEMORY_MB, References, has_inputs
from pipeline.loop.scoring import Scored, score
from pipeline.loop.statistics import bootstrap, pass_at_k
from pipeline.packs import programs
from pipeline.packs.layouts import Task
from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.records import Rejection
from pipeline.stages import verdicts
from pipeline.stages.base import PipelineTask
from pipeline.stages.executions import Executions
from pipeline.stages.stage import Outcomes, StageTask
from pipeline.text.lists import as_list
from targets import Recipe, ShardWriter, publish
from targets.atomic import json_bytes

# Of a suite of inputs, on the wall clock of a machine that others use as well: what an input may take is limited by its
# processor time (programs.py), so that only programs that wait come to these. EvalPlus has 60 s of the wall clock.
MOST_SECONDS = 300.0
TIMES_SOLUTION = 16.0
SECONDS_A_CASE = 7.0  # of the wall clock: LiveCodeBench's (lcb_runner/evaluation/compute_code_generation_metrics.py)


def ks(project: Project, samples: int) -> list[int]:
    """The k of pass@k. Raises ConfigError for a k above the number of samples."""
    section = project.settings.evaluation
    named = as_list(section.k)
    if not named or not all(k.isdigit() and 1 <= int(k) <= samples for k in named):
        raise ConfigError(
            f"[evaluation] k = {section.k} with samples = {samples}",
            "name numbers from 1 to the number of samples, separated by commas",
        )
    return [int(k) for k in named]


class PackEvaluation(PackTask, StageTask):
    """Runs all answers to one pack with their tests, and computes the figures."""

    shard: int = luigi.IntParameter(default=0)

    stage, version = "evaluation", 3
    rules = verdicts.RULES
    needs_sandbox = True

    @property
    def answers(self) -> Answers | GivenAnswers:
        """The stage whose answers are scored."""
        return self.clone(GivenAnswers) if self.project.settings.evaluation.answers else self.clone(Answers)

    def requires(self) -> luigi.Task:
        return self.answers

    def is_made(self) -> bool:
        given = self.project.settings.evaluation.answers
        return bool(given or model_is_there(self.project)) and super().is_made()

    @property
    def recipe(self) -> Recipe:
        executed = Executions(shard=0, project=self.project).recipe
        ingredients = {**executed.ingredients, "version": self.version, "k": self._ks()}
        if has_inputs(self.benchmark.tasks):
            ingredients["references"] = self.clone(References).recipe.digest
        return Recipe(self.stage, ingredients, self.answers.recipe, executed.limits)

    def _samples(self) -> int:
        """The number of samples of each task; of given answers, that of the task which has the most."""
        if isinstance(self.answers, GivenAnswers):
            return self.answers.most_of_a_task
        return int(self.project.settings.evaluation.samples)

    def _ks(self) -> list[int]:
        return ks(self.project, self._samples())

    @property
    def report(self) -> Path:
        """The figures as a JSON document."""
        return self.paths.records.with_name("report.json")

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def open_writer(self) -> ShardWriter:
        if has_inputs(self.benchmark.tasks):
            self.recipe.write(self.project.artifacts, uses=[self.clone(References).recipe])
        return super().open_writer()

    def expected(self) -> int:
        tasks = self.benchmark.tasks
        return sum(len(programs.suites(tasks[task_number(answer["id"])])) for answer in self.answers.paths.read())

    def progress(self, writer: ShardWriter) -> Any:
        return self.reporter.stage(self.stage, self.expected(), 0, writer.resumed)

    def outcomes(self, done: Set[str]) -> Outcomes:
        tasks, references = self.benchmark.tasks, self._references()
        units = {
            unit: (answer["code"], task_number(answer["id"]), suite)
            for answer in self.answers.paths.read()
            for unit, suite in _units(answer["id"], tasks[task_number(answer["id"])])
            if unit not in done and (references is None or task_number(answer["id"]) in references)
        }
        pending = (
            Scored(unit, tasks[number], code, suite, (references or {}).get(number))
            for unit, (code, number, suite) in units.items()
        )
        with open_pool(self.project, self.reporter.say, *self._limits(references)) as pool:
            for result in score(pool, pending):
                _, number, suite = units[result.id]
                outcome = verdicts.outcome(result)
                if not isinstance(outcome.result, Rejection):
                    of_suite = {"suite": suite} if tasks[number].inputs else {}
                    outcome = replace(outcome, result={**outcome.result, "task": tasks[number].id, **of_suite})
                yield outcome

    def _references(self) -> dict[int, programs.Expected] | None:
        """The expected outputs of the pack; None for one that has tests of its own."""
        return self.clone(References).read() if has_inputs(self.benchmark.tasks) else None

    def _limits(self, references: dict[int, programs.Expected] | None) -> tuple[float | None, int | None]:
        """Seconds and MiB of a program, where they are not those of [executions]: inputs and cases are many."""
        section = self.project.settings.executions
        if references is not None:
            sums = (sum(suite["seconds"]) for task in references.values() for suite in task.values())
            seconds = max(MOST_SECONDS, TIMES_SOLUTION * max(sums, default=0.0))
        elif most := max(map(programs.cases, self.benchmark.tasks)):
            seconds = SECONDS_A_CASE * most
        else:
            return None, None
        return max(section.timeout, seconds), max(section.memory_mb, MEMORY_MB)

    def run(self) -> None:
        if not self.paths.records.exists():
            super().run()
        report = self._report()
        publish(self.report, [json_bytes(report)])
        for line in in_words(report):
            self.reporter.say(line)
        self.reporter.say(f"evaluation: {self.report}")

    def _report(self) -> dict[str, Any]:
        tasks, references, samples = self.benchmark.tasks, self._references(), self._samples()
        scored = [number for number in range(len(tasks)) if references is None or number in references]
        passed = passed_suites(self.paths.read())
        names = max((programs.suites(task) for task in tasks), key=len)
        counts = {
            suite: [_count(passed.get(number, {}), programs.suites(tasks[number]), names[: place + 1])
                    for number in scored]
            for place, suite in enumerate(names)
        }  # fmt: skip
        figures = {
            _figure(k, suite, names): asdict(bootstrap([[pass_at_k(samples, count, k) for count in counts[suite]]]))
            for suite in reversed(names)
            for k in self._ks()
        }
        report: dict[str, Any] = {
            "model": self._subject(),
            "pack": self.benchmark.name,
            "tasks": len(scored),
            "samples": samples,
            "figures": figures,
            "passed": {tasks[number].id: count for number, count in zip(scored, counts[names[-1]], strict=True)},
        }
        if len(names) > 1:
            report["suites"] = {
                suite: {tasks[number].id: count for number, count in zip(scored, counts[suite], strict=True)}
                for suite in names[:-1]
            }
        left_out = [task.id for number, task in enumerate(tasks) if number not in set(scored)]
        if left_out:
            report["left_out"] = left_out
        if isinstance(self.answers, GivenAnswers):
            report |= self.answers.coverage()
        return {**report, "recipe": self.recipe.in_words()}

    def _subject(self) -> dict[str, str]:
        """The model, or the file of answers."""
        if isinstance(self.answers, GivenAnswers):
            return {"name": self.answers.file.name}
        return evaluated_model(self.project).provenance


def _units(answer: str, task: Task) -> Iterator[tuple[str, str]]:
    """The ids of an answer's runs, each with its suite: an answer has one, or one for each suite of inputs."""
    for suite in programs.suites(task):
        yield f"{answer}-{suite}" if task.inputs else answer, suite


def passed_suites(records: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Counter[str]]]:
    """By the task's number and the sample: the suites that it passed."""
    passed: dict[int, dict[str, Counter[str]]] = {}
    for record in records:
        number, sample, *_ = record["id"].split("-")
        runs = passed.setdefault(int(number), {}).setdefault(sample, Counter())
        runs[record.get("suite", "tests")] += bool(record["passed"])
    return passed


def _count(runs: Mapping[str, Counter[str]], has: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    """How many samples of a task passed all wanted suites that it has."""
    return sum(all(run[name] for name in wanted if name in has) for run in runs.values())


def _figure(k: int, suite: str, names: tuple[str, ...]) -> str:
    """The name of a figure: the last suite is the benchmark's own, the others are named."""
    return f"pass@{k}" if suite == names[-1] else f"pass@{k} of {suite}"


def in_words(report: Mapping[str, Any]) -> list[str]:
    """The figures of a report in one line, and what is not in them in further ones."""
    figures = ", ".join(
        f"{name} {figure['mean']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
        for name, figure in report["figures"].items()
    )
    lines = [f"{report['model']['name']} on {report['pack']}: {figures}"]
    for key, sentence in (
        ("left_out", "not scored, because the pack's own solution does not run"),
        ("unanswered", "without an answer, which counts as failed"),
        ("foreign", "answered, but not in the pack"),
    ):
        if report.get(key):
            named = ", ".join(report[key][:5]) + (", ..." if len(report[key]) > 5 else "")
            count = "1 task" if len(report[key]) == 1 else f"{len(report[key])} tasks"
            lines.append(f"{count} {sentence}: {named}")
    return lines


def table(reports: Iterable[Mapping[str, Any]]) -> str:
    """Reports on several packs as Markdown."""
    lines = ["| pack | tasks | figure | score | 95 % interval |", "|---|---:|---|---:|---|"]
    for report in reports:
        for name, figure in report["figures"].items():
            interval = f"{figure['low']:.3f} to {figure['high']:.3f}"
            lines.append(f"| {report['pack']} | {report['tasks']} | {name} | {figure['mean']:.3f} | {interval} |")
    return "\n".join(lines) + "\n"


class Evaluation(PipelineTask):
    """All packs of [evaluation], one after the other."""

    needs_sandbox = True

    @property
    def of_packs(self) -> list[PackEvaluation]:
        """The evaluation of each pack."""
        return [self.clone(PackEvaluation, pack=entry) for entry in self.project.evaluation_packs]

    def requires(self) -> list[PackEvaluation]:
        return self.of_packs

    def output(self) -> list[luigi.LocalTarget]:
        return [task.output() for task in self.of_packs]

    def is_made(self) -> bool:
        return all(task.is_made() for task in self.of_packs)

    def run(self) -> None:
        reports = self.reports()
        if len(reports) > 1:
            self.reporter.say(table(reports))

    def reports(self) -> list[dict[str, Any]]:
        """The figures of each pack."""
        return [orjson.loads(task.report.read_bytes()) for task in self.of_packs]
