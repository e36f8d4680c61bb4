"""Evaluation: `luigi --module pipeline Evaluation` scores a model on a benchmark pack.

In: a model (the base model, the model tuned on the current dataset, or a GGUF file) and a pack in the layout of
HumanEval or MBPP. `Answers` writes one program for each task and sample, `Evaluation` runs each with the task's tests
in a separate sandbox; a pass that means nothing is failed (sandbox/falsification.py). Out:
`artifacts/evaluation/<recipe>/` with one verdict for each sample (`shard-000000.jsonl`) and `report.json`: pass@k
with 95 % intervals over the tasks. A sample without a program, or one that did not end, counts as failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

import luigi

from pipeline.engine import Engine, open_engine
from pipeline.errors import ConfigError
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.statistics import bootstrap, pass_at_k
from pipeline.packs import problems
from pipeline.project.engines import engine_settings
from pipeline.project.model import Model
from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.prompts import render, tuned
from pipeline.prompts.plan import GenerationPlan, exemplars_digest
from pipeline.records import Rejection, Rules
from pipeline.stages import verdicts
from pipeline.stages.executions import Executions
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.stage import Outcome, Outcomes, StageTask
from pipeline.text.lists import as_list
from pipeline.text.markdown import code_blocks
from sandbox.falsification import Claim, run_and_falsify
from targets import Recipe, ShardWriter, publish
from targets.atomic import json_bytes

BASE, TUNED = "base", "tuned"


def evaluated_model(project: Project) -> Model:
    """The model that [evaluation] names. `tuned` requires that the tuned model is made."""
    named = project.settings.evaluation.model
    if named == BASE:
        project.model.require_file()
        return project.model
    if named == TUNED:
        return project.model_at(FineTunedModel(project=project).gguf)
    return project.model_at(project.path(named))


def is_tuned(project: Project) -> bool:
    """Whether the evaluated model is the one tuned on the current dataset."""
    return project.settings.evaluation.model == TUNED


def _model_is_there(project: Project) -> bool:
    """Whether there can be a recipe: it holds the digest of the model's file, and a tuned one must be made first."""
    return not is_tuned(project) or FineTunedModel(project=project).is_made()


def prompt_style(project: Project) -> str:
    """`few_shot` or `tuned`: the form of the prompts."""
    style = project.settings.evaluation.prompt
    if style != "auto":
        return style
    return "tuned" if is_tuned(project) else "few_shot"


def ks(project: Project) -> list[int]:
    """The k of pass@k. Raises ConfigError for a k above the number of samples."""
    section = project.settings.evaluation
    named = as_list(section.k)
    if not named or not all(k.isdigit() and 1 <= int(k) <= section.samples for k in named):
        raise ConfigError(
            f"[evaluation] k = {section.k} with samples = {section.samples}",
            "name numbers from 1 to the number of samples, separated by commas",
        )
    return [int(k) for k in named]


class Answers(GenerationTask):
    """Writes a program for each task and sample."""

    shard: int = luigi.IntParameter(default=0)

    stage, version, section, form = "answers", 2, "evaluation", "responses"
    stops = ("\n## ", "\n### ")
    rules: ClassVar[Rules] = {
        **COMPLETION_RULES,
        "no_code_block": "The answer has no fenced block of Python.",
    }

    def requires(self) -> list[luigi.Task]:
        return [self.clone(FineTunedModel)] if is_tuned(self.project) else []

    def is_made(self) -> bool:
        return _model_is_there(self.project) and super().is_made()

    @property
    def plan(self) -> GenerationPlan:
        project = self.project
        section = project.settings.evaluation
        responses = project.plan("responses", "responses", "responses")
        return replace(
            responses,
            stage=self.stage,
            window=project.settings.engine.n_ctx or project.model.window,
            shots=responses.shots if prompt_style(project) == "few_shot" else 0,
            max_tokens=section.max_tokens or responses.max_tokens,
            temperature=section.temperature,
            top_k=0,
            top_p=section.top_p,
            min_p=0.0,
        )

    def ingredients(self) -> dict[str, Any]:
        project, plan, pack = self.project, self.plan, self.project.evaluation_pack
        few_shot, model = prompt_style(project) == "few_shot", evaluated_model(project)
        return {
            "model": model.provenance,
            "cache": model.cache_types(project.settings.engine),
            "pack": {"name": pack.name, "layout": pack.layout, "sha256": pack.revision},
            "prompt": {
                "style": prompt_style(project),
                "text": exemplars_digest("responses", project.exemplars) if few_shot else tuned.prompt(""),
                "shots": plan.shots,
                "stops": list(self.stops),
            },
            "sampling": {"temperature": plan.temperature, "top_p": plan.top_p},
            "samples": project.settings.evaluation.samples,
            "seed": project.settings.evaluation.seed,
            "max_tokens": plan.max_tokens,
            "window": plan.window,
        }

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.stage, {"version": self.version, **self.ingredients()})

    def notice(self, outcome: Outcome) -> None:
        """A model that answers no task has a score, which is 0."""

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        path = evaluated_model(self.project).path
        with open_engine(engine_settings(self.project.settings.engine, path)) as engine:
            yield engine

    def expected(self) -> int:
        return len(self.project.evaluation_pack.tasks) * self.project.settings.evaluation.samples

    def units(self) -> Iterator[Unit]:
        for number, task in enumerate(self.project.evaluation_pack.tasks):
            record = {"id": f"{number:05d}", "instruction": problems.instruction(task)}
            for sample in range(self.project.settings.evaluation.samples):
                yield Unit(f"{number:05d}-{sample:04d}", record, sample)

    def context(self, key: str) -> str:
        if prompt_style(self.project) == "tuned":
            return tuned.SENTENCE
        seed = self.project.settings.evaluation.seed
        return render.context(self.project.exemplars, "responses", self.plan.shots, f"evaluation {seed} {key}")

    def tail(self, unit: Unit) -> str:
        write = tuned.tail if prompt_style(self.project) == "tuned" else render.responses_tail
        return write(unit.record["instruction"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        blocks = code_blocks(text)
        if not blocks:
            return Rejection("no_code_block", text[-200:])
        return {"id": unit.id, "code": "\n".join(blocks)}


def task_number(answer: str) -> int:
    """The index of an answer's task in the pack, from the answer's id."""
    return int(answer.split("-")[0])


class Evaluation(StageTask):
    """Runs all answers with their tests, and computes the figures."""

    shard: int = luigi.IntParameter(default=0)

    stage, version = "evaluation", 2
    rules = verdicts.RULES
    needs_sandbox = True

    def requires(self) -> luigi.Task:
        return self.clone(Answers)

    def is_made(self) -> bool:
        return _model_is_there(self.project) and super().is_made()

    @property
    def recipe(self) -> Recipe:
        executed = Executions(shard=0, project=self.project).recipe
        ingredients = {**executed.ingredients, "version": self.version, "k": ks(self.project)}
        return Recipe(self.stage, ingredients, self.clone(Answers).recipe, executed.limits)

    @property
    def report(self) -> Path:
        """The figures as a JSON document."""
        return self.paths.records.with_name("report.json")

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def expected(self) -> int:
        return int(self.clone(Answers).paths.read_meta()["kept"])

    def progress(self, writer: ShardWriter) -> Any:
        return self.reporter.stage(self.stage, self.expected(), 0, writer.resumed)

    def outcomes(self, done: Set[str]) -> Outcomes:
        tasks = self.project.evaluation_pack.tasks
        claims = (
            Claim(answer["id"], problems.solution(task, answer["code"]), task.tests)
            for answer in self.clone(Answers).paths.read()
            if answer["id"] not in done
            for task in [tasks[task_number(answer["id"])]]
        )
        with open_pool(self.project, self.reporter.say) as pool:
            for result in run_and_falsify(pool, claims):
                verdict = verdicts.outcome(result).result
                if not isinstance(verdict, Rejection):
                    verdict = {**verdict, "task": tasks[task_number(result.id)].id}
                yield Outcome(result.id, verdict)

    def run(self) -> None:
        if not self.paths.records.exists():
            super().run()
        report = self._report()
        publish(self.report, [json_bytes(report)])
        self.reporter.say(
            f"{report['model']['name']} on {report['pack']}: "
            + ", ".join(
                f"{name} {figure['mean']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
                for name, figure in report["figures"].items()
            )
        )
        self.reporter.say(f"evaluation: {self.report}")

    def _report(self) -> dict[str, Any]:
        pack, samples = self.project.evaluation_pack, self.project.settings.evaluation.samples
        passed = Counter(task_number(verdict["id"]) for verdict in self.paths.read() if verdict["passed"])
        counts = [passed[number] for number in range(len(pack.tasks))]
        figures = {
            f"pass@{k}": asdict(bootstrap([[pass_at_k(samples, count, k) for count in counts]]))
            for k in ks(self.project)
        }
        return {
            "model": evaluated_model(self.project).provenance,
            "pack": pack.name,
            "tasks": len(counts),
            "samples": samples,
            "figures": figures,
            "passed": {task.id: count for task, count in zip(pack.tasks, counts, strict=True)},
            "recipe": self.recipe.in_words(),
        }
