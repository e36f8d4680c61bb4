"""Evaluation: `luigi --module pipeline Evaluation` scores a model on a benchmark pack.

In: a model (the base model, the one tuned on the dataset in force, or a GGUF file) and a pack in the layout of
HumanEval or MBPP. `Answers` writes one program for each task and sample, `Evaluation` runs each with the
task's tests in a sandbox of its own. Out: `artifacts/evaluation/<recipe>/` with one verdict for each sample
(`shard-000000.jsonl`) and `report.json`: pass@k with 95 % intervals over the tasks. A sample without a
program, or one that did not end, counts as failed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import luigi

from pipeline import demo
from pipeline.config import sections
from pipeline.engine import Engine, open_engine
from pipeline.errors import ConfigError
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.statistics import bootstrap, pass_at_k
from pipeline.packs import problems
from pipeline.packs.pack import Pack, load_pack
from pipeline.project import model, session
from pipeline.project.engines import engine_settings
from pipeline.project.model import Model
from pipeline.prompts import render, tuned
from pipeline.records import Rejection
from pipeline.stages import recipes
from pipeline.stages.base import GenerationTask, ShardTask, Unit
from pipeline.stages.executions import open_pool, verdict
from pipeline.stages.recipes import GenerationPlan
from pipeline.text.lists import as_list
from pipeline.text.markdown import code_blocks
from sandbox import Program
from targets import Finished, Recipe, publish
from targets.atomic import json_bytes

VERSIONS = {"answers": 1, "evaluation": 1}
BASE, TUNED = "base", "tuned"


def evaluated_model() -> Model:
    """The model that [evaluation] names; that of `tuned` must have been made."""
    run = session.current()
    named = run.settings.evaluation.model
    if named == BASE:
        run.model.require_file()
        return run.model
    if named == TUNED:
        return model_at(str(FineTunedModel().gguf))
    return model_at(str(run.root / Path(named).expanduser()))


def _is_tuned() -> bool:
    return bool(session.current().settings.evaluation.model == TUNED)


def _model_is_there() -> bool:
    """Whether the recipe can be told: that of a tuned model names a file that has to be made first."""
    return not _is_tuned() or bool(FineTunedModel().complete())


@cache
def model_at(path: str) -> Model:
    run = session.current()
    wanted = sections.model(path=path, repo_id="", filename="", revision="main", sha256="")
    return model.load(wanted, run.root, run.artifacts / "model")


@cache
def pack() -> Pack:
    """The pack that [evaluation] names, or the demo pack."""
    run = session.current()
    named = run.settings.evaluation.pack
    found = load_pack(run.root / Path(named).expanduser() if named else demo.PACK)
    problems.require_layout(found)
    return found


def prompt_style() -> str:
    """`few_shot` or `tuned`: how the model is asked."""
    section = session.current().settings.evaluation
    if section.prompt != "auto":
        return str(section.prompt)
    return "tuned" if _is_tuned() else "few_shot"


def ks() -> list[int]:
    """The k of pass@k; each needs as many samples."""
    section = session.current().settings.evaluation
    wanted = as_list(section.k)
    if not wanted or not all(k.isdigit() and 1 <= int(k) <= section.samples for k in wanted):
        raise ConfigError(
            f"[evaluation] k = {section.k} with samples = {section.samples}",
            "name numbers from 1 to the number of samples, separated by commas",
        )
    return [int(k) for k in wanted]


class Answers(GenerationTask):
    """A program for each task and sample."""

    shard = luigi.IntParameter(default=0)
    stage = "answers"
    stops = ("\n## ", "\n### ")

    def requires(self) -> list[luigi.Task]:
        return [FineTunedModel()] if _is_tuned() else []

    def is_made(self) -> bool:
        return _model_is_there() and super().is_made()

    @property
    def plan(self) -> GenerationPlan:
        run = session.current()
        section, like = run.settings.evaluation, run.plans["responses"]
        return replace(
            like,
            stage=self.stage,
            window=run.settings.engine.n_ctx or run.model.window,
            shots=like.shots if prompt_style() == "few_shot" else 0,
            max_tokens=section.max_tokens or like.max_tokens,
            temperature=section.temperature,
            top_k=0,
            top_p=section.top_p,
            min_p=0.0,
        )

    @property
    def recipe(self) -> Recipe:
        run, plan, tasks = session.current(), self.plan, pack()
        few_shot = prompt_style() == "few_shot"
        return Recipe(
            self.stage,
            {
                "version": VERSIONS[self.stage],
                "model": evaluated_model().provenance,
                "cache": recipes.cache_types(run.settings, evaluated_model()),
                "pack": {"name": tasks.name, "layout": tasks.layout, "sha256": tasks.revision},
                "prompt": {
                    "style": prompt_style(),
                    "text": recipes.exemplars_digest("responses", run.exemplars)
                    if few_shot
                    else tuned.prompt(""),
                    "shots": plan.shots,
                    "stops": list(self.stops),
                },
                "sampling": {"temperature": plan.temperature, "top_p": plan.top_p},
                "samples": run.settings.evaluation.samples,
                "seed": run.settings.evaluation.seed,
                "max_tokens": plan.max_tokens,
                "window": plan.window,
            },
        )

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        run = session.current()
        settings = engine_settings(run.settings.engine, evaluated_model().path)
        with open_engine(settings) as engine:
            yield engine

    def units(self) -> Iterator[Unit]:
        for number, task in enumerate(pack().tasks):
            for sample in range(session.current().settings.evaluation.samples):
                record = {"id": f"{number:05d}", "instruction": problems.instruction(task)}
                yield Unit(f"{number:05d}-{sample:04d}", record, sample)

    def context(self, key: str) -> str:
        if prompt_style() == "tuned":
            return tuned.SENTENCE
        seed = session.current().settings.evaluation.seed
        exemplars = session.current().exemplars
        return render.context(exemplars, "responses", self.plan.shots, f"evaluation {seed} {key}")

    def tail(self, unit: Unit) -> str:
        write = tuned.tail if prompt_style() == "tuned" else render.responses_tail
        return write(unit.record["instruction"])

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        blocks = code_blocks(text)
        if not blocks:
            return Rejection("no_code_block", text[-200:])
        return {"id": unit.id, "code": "\n".join(blocks)}


class Evaluation(ShardTask):
    """The verdicts on all answers, and the figures."""

    shard = luigi.IntParameter(default=0)
    stage = "evaluation"

    def requires(self) -> luigi.Task:
        return Answers()

    def is_made(self) -> bool:
        run = session.current()
        if _model_is_there() and super().is_made():
            return True
        run.preflight()
        return False

    @property
    def recipe(self) -> Recipe:
        executed = session.current().recipes["executions"]
        ingredients = {**executed.ingredients, "version": VERSIONS[self.stage], "k": ks()}
        return Recipe(self.stage, ingredients, Answers().recipe, executed.limits)

    @property
    def report(self) -> Path:
        return self.paths.records.with_name("report.json")

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def run(self) -> None:
        run = session.current()
        began = time.monotonic()
        answers = Answers().paths
        tasks = pack().tasks
        total = answers.read_meta()["kept"]
        if not self.paths.records.exists():
            with suppress(Finished), self.open_writer() as writer:
                pending = (
                    Program(
                        record["id"],
                        problems.program(tasks[int(record["id"].split("-")[0])], record["code"]),
                    )
                    for record in answers.read()
                    if record["id"] not in writer.done
                )
                with (
                    run.reporter.stage(self.stage, total, 0, resumed=writer.resumed) as ticker,
                    open_pool(run) as pool,
                ):
                    for result in pool.run_many(pending):
                        task = tasks[int(result.id.split("-")[0])].id
                        if result.status == "sandbox_error":
                            writer.reject(result.id, result.status, result.detail)
                        else:
                            writer.keep(result.id, {**verdict(result), "task": task})
                        ticker.advance(result.status != "sandbox_error", passed=result.passed)
                writer.publish({"seconds": round(time.monotonic() - began, 3)})
        report = self._report()
        publish(self.report, [json_bytes(report)])
        run.reporter.say(
            f"{report['model']['name']} on {report['pack']}: "
            + ", ".join(
                f"{name} {e['mean']:.3f} ({e['low']:.3f} to {e['high']:.3f})"
                for name, e in report["figures"].items()
            )
        )
        run.reporter.say(f"evaluation: {self.report}")

    def _report(self) -> dict[str, Any]:
        samples = session.current().settings.evaluation.samples
        passed = Counter(r["id"].split("-")[0] for r in self.paths.read() if r["passed"])
        counts = [passed[f"{number:05d}"] for number in range(len(pack().tasks))]
        figures = {
            f"pass@{k}": asdict(bootstrap([[pass_at_k(samples, c, k) for c in counts]]))
            for k in ks()
        }
        return {
            "model": evaluated_model().provenance,
            "pack": pack().name,
            "tasks": len(counts),
            "samples": samples,
            "figures": figures,
            "passed": {task.id: c for task, c in zip(pack().tasks, counts, strict=True)},
            "recipe": self.recipe.in_words(),
        }
