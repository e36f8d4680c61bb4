"""The comparison: `luigi --module pipeline Comparison` measures what tuning on the dataset is worth.

Each arm (arms.py) is the same pipeline with other settings: its selection, the same number of rows of it in every
arm, a model tuned on them, and that model's score on the pack of [evaluation], for several seeds. The base model
gets few-shot prompts, with other exemplars for each seed. Every run of an arm is a child process with the command
that a user would type, so whatever was finished before, here or by hand, is not made again.
Out: `artifacts/comparison/<recipe>/` with comparison.json, comparison.md and comparison.svg.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import luigi
import orjson

from pipeline.config import Overrides
from pipeline.errors import MissingDataError
from pipeline.loop import arms
from pipeline.loop.comparison_report import diversity, figures, plot, table
from pipeline.loop.evaluation import Answers, Evaluation
from pipeline.loop.finetuning import FineTunedModel, plan, require_libraries
from pipeline.project.project import Project
from pipeline.run.subprocesses import run_child
from pipeline.stages.chain import Goal
from pipeline.stages.selection import Selection
from targets import Recipe, ShardPaths, publish
from targets.atomic import json_bytes


class VariantsTask(Goal):
    """A goal that runs the pipeline under variants of its project's settings, and records which folders it uses."""

    def run_variant(self, task: str, title: str, overrides: Overrides) -> None:
        """Run a task under a variant's settings, if it is not complete, with the command that a user would type."""
        self.reporter.say(f"comparison: {task} of {title}")
        options = arms.options(self.project.variant(overrides).settings)
        log = self.project.artifacts / "logs" / "comparison.log"
        run_child(f"{task} of {title}", ["-m", "luigi", "--module", "pipeline", task, *options], log)

    def select(self, title: str, overrides: Overrides) -> ShardPaths:
        """Make a variant's selection; return its files."""
        selection = Selection.of(self.project.variant(overrides))
        self.record_use(selection.recipe)
        self.run_variant("Selected", title, overrides)
        return selection.paths

    def score(self, name: str, overrides: Overrides, seed: int, rows: int) -> list[float]:
        """The share of a variant's samples that passed, task by task; tunes its model first, unless it is the base."""
        is_tuned = name != arms.BASE
        of_seed: Overrides = {**overrides, **arms.of_seed(seed, tuned=is_tuned, rows=rows)}
        variant = self.project.variant(of_seed)
        if is_tuned:
            self.record_use(FineTunedModel(project=variant).recipe)
        self.run_variant("Evaluation", f"{name}, seed {seed}", of_seed)
        evaluation = Evaluation(project=variant)
        self.record_use(Answers(project=variant).recipe, evaluation.recipe)
        report = orjson.loads(evaluation.report.read_bytes())
        return [passed / report["samples"] for passed in report["passed"].values()]

    def record_use(self, *recipes: Recipe) -> None:
        """Record folders that this goal uses, before they are made: `clean` keeps what a goal uses."""
        self.recipe.write(self.project.artifacts, uses=recipes)

    @property
    @abstractmethod
    def recipe(self) -> Recipe:
        """What names the goal's folder."""

    @abstractmethod
    def foreseen(self) -> Iterator[Recipe]:
        """The recipes that it will use, as far as they can be derived from what is made already."""

    def tuned(self, overrides: Overrides, seed: int, rows: int) -> Iterator[Recipe]:
        """The recipe of a variant's tuned model; none before its selection is made and has enough rows."""
        variant = self.project.variant({**overrides, **arms.of_seed(seed, tuned=True, rows=rows)})
        with suppress(MissingDataError, FileNotFoundError):
            yield FineTunedModel(project=variant).recipe


def base_evaluation(project: Project, seed: int) -> str:
    """The digest of the base model's evaluation with a seed."""
    variant = project.variant(arms.of_seed(seed, tuned=False, rows=0))
    return Evaluation(project=variant).recipe.digest


class Comparison(VariantsTask):
    """Base model and arms on one pack, with intervals."""

    stage, version = "comparison", 3

    @property
    def recipe(self) -> Recipe:
        project = self.project
        section = project.settings.comparison
        ingredients = {
            "version": self.version,
            "seeds": section.seeds,
            "rows": section.rows,
            "base": [base_evaluation(project, seed) for seed in self._seeds()],
            "arms": {
                name: Selection.of(project.variant(overrides)).recipe.digest
                for name, overrides in arms.chosen(project.settings).items()
            },
            "plan": plan(project),
        }
        return Recipe(self.stage, ingredients)

    @property
    def report(self) -> Path:
        """The figures as a JSON document."""
        return self.recipe.folder(self.project.artifacts) / "comparison.json"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def foreseen(self) -> Iterator[Recipe]:
        chosen = arms.chosen(self.project.settings)
        selections = {name: Selection.of(self.project.variant(overrides)) for name, overrides in chosen.items()}
        yield from (selection.recipe for selection in selections.values())
        if all(selection.paths.records.exists() for selection in selections.values()):
            sizes = [selection.paths.read_meta()["kept"] for selection in selections.values()]
            rows = self.project.settings.comparison.rows or min(sizes)
            for overrides in chosen.values():
                for seed in self._seeds():
                    yield from self.tuned(overrides, seed, rows)

    def _seeds(self) -> range:
        return range(1, self.project.settings.comparison.seeds + 1)

    def require_ready(self) -> None:
        require_libraries()

    def run(self) -> None:
        project = self.project
        chosen = arms.chosen(project.settings)
        selected = {name: self.select(name, overrides) for name, overrides in chosen.items()}
        sizes = {name: int(paths.read_meta()["kept"]) for name, paths in selected.items()}
        rows = project.settings.comparison.rows or min(sizes.values())
        if rows < 1 or rows > min(sizes.values()):
            raise MissingDataError(
                f"the comparison cannot give {rows} rows to each arm: there are {sizes}",
                "lower [comparison] rows, or make a larger dataset",
            )
        runs: dict[str, list[list[float]]] = {name: [] for name in (arms.BASE, *chosen)}
        for seed in self._seeds():
            for name, scores in runs.items():
                scores.append(self.score(name, chosen.get(name, {}), seed, rows))
        about = {name: diversity(paths, sizes[name], rows) for name, paths in selected.items()}
        pack = project.evaluation_pack
        setting = {"pack": pack.name, "tasks": len(pack.tasks), "rows": rows}
        self._write(figures(runs, about, setting))

    def _write(self, document: dict[str, Any]) -> None:
        project, folder = self.project, self.report.parent
        publish(folder / "comparison.md", [table(document).encode()])
        publish(folder / "comparison.svg", [plot(document).encode()])
        if project.settings.comparison.publish:
            copy = project.path(project.settings.comparison.publish)
            publish(copy / "comparison.json", [json_bytes(document)])
        publish(self.report, [json_bytes(document)])
        self.reporter.say(table(document))
        self.reporter.say(f"comparison: {folder}")
