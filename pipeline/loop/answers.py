"""Answers: a model writes one program for each task and sample of a pack.

In: a model (the base model, the model tuned on the current dataset, or a GGUF file) and a pack. Out:
`artifacts/answers/<recipe>/` with one record for each sample that holds code: {id, code}. `code` is a complete
program. The id is the task's number in the pack, a dash, the sample's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import luigi

from pipeline.engine import Completion, Engine, inspect_model, open_engine
from pipeline.errors import ConfigError
from pipeline.loop.asking import Way, require_template
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.pack_task import PackTask
from pipeline.loop.references import References, has_inputs
from pipeline.packs import problems, programs
from pipeline.packs.layouts import Task
from pipeline.packs.problems import WORDINGS, with_prefixes
from pipeline.packs.values import answer_of
from pipeline.project.engines import engine_settings
from pipeline.project.model import Model
from pipeline.project.project import Project
from pipeline.prompts import render, tuned
from pipeline.prompts.plan import GenerationPlan, exemplars_digest
from pipeline.records import Rejection, Rules
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.stage import Outcome
from targets import Recipe

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


def model_is_there(project: Project) -> bool:
    """Whether there can be a recipe: it holds the digest of the model's file, and a tuned one must be made first."""
    return not is_tuned(project) or FineTunedModel(project=project).is_made()


def prompt_style(project: Project) -> str:
    """The style of the prompts (asking.py)."""
    style = project.settings.evaluation.prompt
    if style != "auto":
        return style
    return "tuned" if is_tuned(project) else "few_shot"


class Answers(PackTask, GenerationTask):
    """Writes a program for each task and sample."""

    shard: int = luigi.IntParameter(default=0)

    stage, version, section, form = "answers", 3, "evaluation", "responses"
    rules: ClassVar[Rules] = {
        **COMPLETION_RULES,
        "no_code_block": "The answer has no fenced block of Python.",
        "no_value": "The answer has no value, or no call, of the kind that was asked for.",
    }

    def requires(self) -> list[luigi.Task]:
        # First whether the pack can be scored at all, then what costs hours.
        references = [self.clone(References)] if has_inputs(self.benchmark.tasks) else []
        return [*references, *([self.clone(FineTunedModel)] if is_tuned(self.project) else [])]

    def is_made(self) -> bool:
        return model_is_there(self.project) and super().is_made()

    @cached_property
    def way(self) -> Way:
        """How the model is asked."""
        project = self.project
        section, style = project.settings.evaluation, prompt_style(project)
        prefixes = (text.replace("\\n", "\n") for text in (section.instruction_prefix, section.response_prefix))
        facts = None
        if style == "chat":
            facts = require_template(inspect_model(str(evaluated_model(project).path)))
        if style == "completion" and not all(map(problems.document, self.benchmark.tasks)):
            raise ConfigError(
                f"[evaluation] prompt = completion: {self.benchmark.name} cannot be asked by completion",
                "use few_shot for a base model",
            )
        return Way(style, with_prefixes(WORDINGS[section.wording], *prefixes), self._few_shot_context, facts)

    def _few_shot_context(self, key: str) -> str:
        seed = self.project.settings.evaluation.seed
        return render.context(self.project.exemplars, "responses", self.plan.shots, f"evaluation {seed} {key}")

    @cached_property
    def plan(self) -> GenerationPlan:  # type: ignore[override]
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
        project, plan, pack = self.project, self.plan, self.benchmark
        style, model = prompt_style(project), evaluated_model(project)
        prompt: dict[str, Any] = {"style": style}
        if style == "few_shot":
            prompt["text"] = exemplars_digest("responses", project.exemplars)
        elif style == "tuned":
            prompt["text"] = tuned.prompt("")
        return {
            "model": model.provenance,
            "cache": model.cache_types(project.settings.engine),
            "pack": {"name": pack.name, "layout": pack.layout, "sha256": pack.revision},
            "prompt": {**prompt, "shots": plan.shots, **self.way.ingredients()},
            "sampling": {"temperature": plan.temperature, "top_p": plan.top_p},
            "samples": project.settings.evaluation.samples,
            "seed": project.settings.evaluation.seed,
            "max_tokens": plan.max_tokens,
            "window": plan.window,
        }

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.stage, {"version": self.version, **self.ingredients()})

    @property
    def is_chat(self) -> bool:
        """Never: the conversation of a chat model is written out here, for llama.cpp."""
        return False

    def notice(self, outcome: Outcome) -> None:
        """A model that answers no task has a score, which is 0."""

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        path = evaluated_model(self.project).path
        with open_engine(engine_settings(self.project.settings.engine, path)) as engine:
            yield engine

    def expected(self) -> int:
        return len(self.benchmark.tasks) * self.project.settings.evaluation.samples

    def units(self) -> Iterator[Unit]:
        for place in range(len(self.benchmark.tasks)):
            for sample in range(self.project.settings.evaluation.samples):
                yield Unit(answer_id(place, sample), {"id": f"{place:05d}"}, sample)

    @property
    def has_special_tokens(self) -> bool:
        """Where a model's own chat template writes them."""
        return self.way.style == "chat"

    def stops_of(self, unit: Unit) -> tuple[str, ...]:
        return self.way.stops_of(self._task(unit))

    def context(self, unit: Unit) -> str:
        return self.way.prompt(self._task(unit), self.context_key(unit))[0]

    def tail(self, unit: Unit) -> str:
        return self.way.prompt(self._task(unit), self.context_key(unit))[1]

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        task = self._task(unit)
        if task.asked is not None and task.asked.form != "code":
            return self._parse_value(unit, task, text)
        code = self.way.code(task, text)
        if code is None:
            return Rejection("no_code_block", text[-200:])
        return {"id": unit.id, "code": code if self.way.style == "completion" else programs.complete(task, code)}

    def _parse_value(self, unit: Unit, task: Task, text: str) -> dict[str, Any] | Rejection:
        assert task.asked is not None
        answer = answer_of(task.asked.form, self.way.code(task, text) or text)
        if answer is None:
            return Rejection("no_value", text[-200:])
        return {"id": unit.id, "code": programs.complete(task, f"answer = {answer}\n")}

    def _outcome(self, unit: Unit, completion: Completion) -> Outcome:
        # What a base model continues has no end of its own: evaluators score it up to max_tokens.
        if self.way.style == "completion" and completion.reason in ("length", "repetition"):
            completion = replace(completion, reason="stop")
        return super()._outcome(unit, completion)

    def _task(self, unit: Unit) -> Task:
        return self.benchmark.tasks[task_number(unit.id)]


def answer_id(task: int, sample: int) -> str:
    """The id of the answer to the task of this number in the pack."""
    return f"{task:05d}-{sample:04d}"


def task_number(answer: str) -> int:
    """The index of an answer's task in the pack, from the answer's id."""
    return int(answer.split("-")[0])
