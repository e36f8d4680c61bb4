"""The comparison: `luigi --module pipeline Comparison` measures what tuning on the dataset is worth.

Each arm (arms.py) is the same pipeline with other settings: its selection, the same number of rows of it in every
arm, a model tuned on them, and that model's score on each pack of [evaluation], for several seeds. The base model
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
from pipeline.loop.answers import Answers
from pipeline.loop.comparison_report import diversity, diversity_of, figures, plot, table
from pipeline.loop.evaluation import PackEvaluation
from pipeline.loop.finetuning import FineTunedModel, plan, require_libraries
from pipeline.loop.foreign_rows import file_digest, read_pairs
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

    def score(self, name: str, overrides: Overrides, seed: int, rows: int) -> list[list[float]]:
        """By pack, the share of a variant's samples that passed, task by task.

        Tunes the variant's model first, unless it is the base.
        """
        is_tuned = name != arms.BASE
        of_seed: Overrides = {**overrides, **arms.of_seed(seed, tuned=is_tuned, rows=rows)}
        variant = self.project.variant(of_seed)
        if is_tuned:
            self.record_use(FineTunedModel(project=variant).recipe)
        self.run_variant("Evaluation", f"{name}, seed {seed}", of_seed)
        scores = []
        for entry in variant.evaluation_packs:
            evaluation = PackEvaluation(project=variant, pack=entry)
            self.record_use(Answers(project=variant, pack=entry).recipe, evaluation.recipe)
            report = orjson.loads(evaluation.report.read_bytes())
            scores.append([passed / report["samples"] for passed in report["passed"].values()])
        return scores

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


def base_evaluations(project: Project, seed: int) -> list[str]:
    """The digests of the base model's evaluations with a seed, by pack."""
    variant = project.variant(arms.of_seed(seed, tuned=False, rows=0))
    return [PackEvaluation(project=variant, pack=entry).recipe.digest for entry in variant.evaluation_packs]


class Comparison(VariantsTask):
    """Base model and arms on each pack, with intervals."""

    stage, version = "comparison", 4

    @property
    def recipe(self) -> Recipe:
        project = self.project
        section = project.settings.comparison
        ingredients = {
            "version": self.version,
            "seeds": section.seeds,
            "rows": section.rows,
            "base": [base_evaluations(project, seed) for seed in self._seeds()],
            "arms": {
                name: self._rows_digest(name, overrides) for name, overrides in arms.chosen(project.settings).items()
            },
            "plan": plan(project),
            "rates": project.settings.comparison.rates,
        }
        return Recipe(self.stage, ingredients)

    def _rows_digest(self, name: str, overrides: Overrides) -> str:
        """What determines an arm's rows."""
        if file := arms.file_of(name):
            return file_digest(self.project.path(file))
        return Selection.of(self.project.variant(overrides)).recipe.digest

    @property
    def report(self) -> Path:
        """The figures as a JSON document."""
        return self.recipe.folder(self.project.artifacts) / "comparison.json"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def foreseen(self) -> Iterator[Recipe]:
        chosen = {name: of for name, of in arms.chosen(self.project.settings).items() if not arms.file_of(name)}
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
        published = {name: list(read_pairs(project.path(file))) for name in chosen if (file := arms.file_of(name))}
        selected = {name: self.select(name, of) for name, of in chosen.items() if name not in published}
        sizes = {name: int(paths.read_meta()["kept"]) for name, paths in selected.items()}
        sizes |= {name: len(found) for name, found in published.items()}
        rows = project.settings.comparison.rows or min(sizes.values())
        if rows < 1 or rows > min(sizes.values()):
            raise MissingDataError(
                f"the comparison cannot give {rows} rows to each arm: there are {sizes}",
                "lower [comparison] rows, or make a larger dataset",
            )
        packs = list(project.evaluation_packs.values())
        runs: list[dict[str, list[list[float]]]] = [{name: [] for name in (arms.BASE, *chosen)} for _ in packs]
        for seed in self._seeds():
            for name in (arms.BASE, *chosen):
                for of_pack, scores in zip(runs, self.score(name, chosen.get(name, {}), seed, rows), strict=True):
                    of_pack[name].append(scores)
        about = {name: diversity(paths, sizes[name], rows) for name, paths in selected.items()}
        about |= {name: diversity_of(found, rows) for name, found in published.items()}
        documents = [
            figures(of_pack, about, {"pack": pack.name, "tasks": len(of_pack[arms.BASE][0]), "rows": rows})
            for pack, of_pack in zip(packs, runs, strict=True)
        ]
        self._write(documents[0] if len(documents) == 1 else {"packs": documents})

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
