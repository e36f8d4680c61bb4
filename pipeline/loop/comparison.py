"""The comparison: `luigi --module pipeline Comparison` shows what tuning on the dataset is worth.

Each arm (comparison_arms.py) is the same pipeline under other settings: its selection, as many rows of it as of
every other's, a model tuned on them, and that model's score on the pack of [evaluation], for several seeds. The
base model is asked few-shot, with other exemplars for each seed. Every run of an arm is a child process with the
command that a user would type, so whatever was finished before, here or by hand, is not made again.
Out: `artifacts/comparison/<recipe>/` with comparison.json, comparison.md and comparison.svg.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import luigi
import orjson

from pipeline.errors import MissingDataError
from pipeline.loop import arms
from pipeline.loop.comparison_report import diversity, figures, plot, table
from pipeline.loop.evaluation import Evaluation, pack
from pipeline.loop.finetuning import plan, require_libraries
from pipeline.project import session
from pipeline.project.session import Session
from pipeline.run.subprocesses import run_child
from pipeline.stages import selection
from pipeline.stages.base import PipelineTask
from pipeline.stages.seeds import Seeds
from targets import Recipe, ShardPaths, publish
from targets.atomic import json_bytes

VERSION = 3


class Comparison(PipelineTask):
    """Base model and arms on one pack, with intervals."""

    def requires(self) -> luigi.Task:
        return Seeds()

    def is_made(self) -> bool:
        run = session.current()
        if Seeds().complete() and super().is_made():
            return True
        run.preflight()
        return False

    @property
    def recipe(self) -> Recipe:
        run = session.current()
        section = run.settings.comparison
        ingredients = {
            "version": VERSION,
            "seeds": section.seeds,
            "rows": section.rows,
            "base": [evaluation_recipe(seed) for seed in self._seeds()],
            "arms": {
                name: _selection_recipe(overrides).digest
                for name, overrides in arms.chosen(run.settings).items()
            },
            "plan": plan(),
        }
        return Recipe("comparison", ingredients)

    @property
    def report(self) -> Path:
        return self.recipe.folder(session.current().artifacts) / "comparison.json"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def _seeds(self) -> range:
        return range(1, session.current().settings.comparison.seeds + 1)

    def run(self) -> None:
        require_libraries()
        run = session.current()
        chosen = arms.chosen(run.settings)
        for name, overrides in chosen.items():
            run_task("Selected", name, overrides)
        sizes = {
            name: selected(overrides).read_meta()["kept"] for name, overrides in chosen.items()
        }
        rows = run.settings.comparison.rows or min(sizes.values())
        if rows < 1 or rows > min(sizes.values()):
            raise MissingDataError(
                f"the comparison cannot give {rows} rows to each arm: there are {sizes}",
                "lower [comparison] rows, or make a larger dataset",
            )
        runs: dict[str, list[list[float]]] = {name: [] for name in (arms.BASE, *chosen)}
        for seed in self._seeds():
            for name, scores in runs.items():
                scores.append(score(name, chosen.get(name, {}), seed, rows))
        about = {
            name: diversity(selected(overrides), sizes[name], rows)
            for name, overrides in chosen.items()
        }
        self._write(
            figures(runs, about, {"pack": pack().name, "tasks": len(pack().tasks), "rows": rows})
        )

    def _write(self, found: dict[str, Any]) -> None:
        run, folder = session.current(), self.recipe.write(session.current().artifacts)
        publish(folder / "comparison.md", [table(found).encode()])
        publish(folder / "comparison.svg", [plot(found).encode()])
        if run.settings.comparison.publish:
            copy = run.root / Path(run.settings.comparison.publish).expanduser()
            publish(copy / "comparison.json", [json_bytes(found)])
        publish(self.report, [json_bytes(found)])
        run.reporter.say(table(found))
        run.reporter.say(f"comparison: {folder}")


def variant(overrides: arms.Overrides) -> Session:
    """The session of the same pipeline under a few other settings."""
    run = session.current()
    return Session(arms.apply(run.settings, overrides), run.root)


def run_task(task: str, what: str, overrides: arms.Overrides) -> None:
    """Run a task under an arm's settings, if it is not complete, with the command that a user would type."""
    run = session.current()
    run.reporter.say(f"comparison: {task} of {what}")
    settings = arms.apply(run.settings, overrides)
    argv = ["-m", "luigi", "--module", "pipeline", task, *arms.options(settings)]
    run_child(f"{task} of {what}", argv, run.artifacts / "logs" / "comparison.log")


def _selection_recipe(overrides: arms.Overrides) -> Recipe:
    with session.using(variant(overrides)):
        return selection.recipe()


def selected(overrides: arms.Overrides) -> ShardPaths:
    """An arm's selection."""
    return ShardPaths(_selection_recipe(overrides).folder(session.current().artifacts), 0)


def evaluation_recipe(seed: int) -> str:
    """The digest of the base model's evaluation."""
    with session.using(variant(arms.of_seed(seed, tuned=False, rows=0))):
        return Evaluation().recipe.digest


def score(name: str, overrides: arms.Overrides, seed: int, rows: int) -> list[float]:
    """The share of samples that passed, task by task."""
    own = {**overrides, **arms.of_seed(seed, tuned=name != arms.BASE, rows=rows)}
    run_task("Evaluation", f"{name}, seed {seed}", own)
    with session.using(variant(own)):
        report = orjson.loads(Evaluation().report.read_bytes())
    return [passed / report["samples"] for passed in report["passed"].values()]
