"""Stage 9, the dataset: `luigi --module pipeline FinalDataset` is this task.

In: the selection. Out: `artifacts/dataset/<recipe>/` with train.jsonl, train.parquet, README.md (the
dataset card), manifest.json (funnel, recipes, model, versions, time), report.html, and monologues.jsonl where rows
were traced, published as a whole, and the link `artifacts/latest`. The build fails where a stage does not add up.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import luigi

from pipeline.dataset.card import NOT_DECONTAMINATED, NOT_SEARCHED, dataset_card
from pipeline.dataset.empty import where_lost
from pipeline.dataset.manifest import build_manifest
from pipeline.dataset.monologues import FILE, has_monologues, read_monologues, shards_of
from pipeline.dataset.pooled import pooled_tests
from pipeline.dataset.rows import read_rows, write_parquet
from pipeline.errors import MissingDataError, PipelineError
from pipeline.records import Selected
from pipeline.run.status import Funnel
from pipeline.run.subprocesses import run_child
from pipeline.selection.balance import Weights
from pipeline.sources.licences import UNKNOWN, all_of
from pipeline.stages import trust
from pipeline.stages.base import PipelineTask
from pipeline.stages.batches import this_worker
from pipeline.stages.chain import Goal, other_models, shard_tasks
from pipeline.stages.losses import by_rule
from pipeline.stages.seeds import Seeds
from pipeline.stages.selection import Selection
from pipeline.text import private
from pipeline.text.display import printable
from targets import Artifacts, Recipe, ShardPaths, replace_link
from targets.atomic import json_bytes, jsonl_lines, publish, publish_folder, temporary_beside


class FinalDataset(Goal):
    """The instruction dataset of the sources, model and configuration as they are now."""

    stage, version = "dataset", 7
    has_budget = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if worker := this_worker():
            self.task_id += f"_{worker}"

    @property
    def recipe(self) -> Recipe:
        return self.recipe_of(Selection.of(self.project))

    def recipe_of(self, selection: Selection) -> Recipe:
        """The recipe of the dataset that a selection gives."""
        return Recipe(self.stage, {"version": self.version}, selection.recipe)

    @property
    def folder(self) -> Path:
        """The folder of the dataset's files."""
        return self.recipe.folder(self.project.artifacts)

    @property
    def latest(self) -> Path:
        """The link to the dataset that was made last."""
        return self.project.artifacts / "latest"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.folder))

    def is_made(self) -> bool:
        made = super().is_made()
        if not made:
            trust.require(self.project)
        if not made and self.has_children and self.project.scan.snapshot.occurrences:
            self.reporter.expect_from_others(self._funnel(), self._seeds(), self._ended_well)
        return made

    def _ended_well(self) -> bool:
        selection = Selection.of(self.project)
        if self.budget and not self._is_of(selection):
            selection = selection.cut()  # in the process that ran it
        made = self._is_of(selection)
        if made:
            self.reporter.finish(selection.paths.read_meta())
        return made

    def is_there(self) -> bool:
        return self.is_cut_short or self._is_of(Selection.of(self.project))

    def _is_of(self, selection: Selection) -> bool:
        """Whether the dataset of a selection is made, and the latest one."""
        folder = self.recipe_of(selection).folder(self.project.artifacts)
        return folder.exists() and _points_at(self.latest, folder)

    def run(self) -> Iterator[Any]:
        # Which shards there are is known only once the sources are scanned: what follows is no static requirement.
        project = self.project
        if not project.scan.snapshot.occurrences:
            seeds = self.clone(Seeds).output().path
            raise MissingDataError(
                "no source holds a seed: " + ", ".join(source.label for source in project.sources),
                "seeds are top-level functions with a docstring, an argument and a returned value; see "
                f"{Path(seeds).parent} for what was dropped and why",
            )
        self.reporter.expect(self._funnel(), self._seeds())
        selection = yield from self.make_selection()
        yield self.clone(DatasetFiles, first=selection.first)
        folder = self.recipe_of(selection).folder(project.artifacts)
        replace_link(self.latest, os.path.relpath(folder, project.artifacts))
        self.reporter.finish(selection.paths.read_meta())
        self.reporter.say(f"dataset: {self.latest} -> {os.readlink(self.latest)}")
        if private.detector() is None:
            self.reporter.say(f"{NOT_SEARCHED} Install it with pip.")
        if not project.packs:
            self.reporter.say(f"{NOT_DECONTAMINATED} See [decontamination] packs.")

    def build(self, selection: Selection | None = None) -> None:
        """Make the dataset's folder out of a selection. Raises PipelineError when it would be empty."""
        project = self.project
        recipe = self.recipe_of(selection or Selection.of(project))
        artifacts, folder = Artifacts(project.artifacts, recipe), recipe.folder(project.artifacts)
        selected = artifacts.shard(Selection.stage, 0)
        about = selected.read_meta()
        if not about["kept"]:
            raise self._empty(artifacts, selected)
        weights = Weights(selected.read)
        pooled = pooled_tests(artifacts, about["shards"], (cast(Selected, row) for row in selected.read()))
        by = [project.backend(section).model.provenance for section in ("responses", "repairs")]
        manifest = self._manifest(artifacts, selected)
        temporary = temporary_beside(folder)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        publish(temporary / "train.jsonl", jsonl_lines(read_rows(selected, pooled, weights, *by)))
        write_parquet(temporary / "train.parquet", read_rows(selected, pooled, weights, *by))
        if has_monologues(artifacts):
            shards = shards_of(artifacts, selected)
            publish(temporary / FILE, jsonl_lines(read_monologues(shards, selected)))
            manifest["monologues"] = sum(1 for _ in read_monologues(shards, selected))
        publish(temporary / "manifest.json", [json_bytes(manifest)])
        publish(temporary / "README.md", [dataset_card(manifest).encode()])
        add_report(project.artifacts, temporary, self.reporter.say)
        publish_folder(temporary, folder)

    def _manifest(self, artifacts: Artifacts, selected: ShardPaths) -> dict[str, Any]:
        tasks = shard_tasks(self.project)
        fan_out = {task.stage: (task.fan_out, task.units_per_record) for task in tasks if task.fan_out}
        measured = trust.measured(self.project)
        licences: Counter[str] = Counter()
        shapes: Counter[str] = Counter()
        repaired = 0
        for row in selected.read():
            licences[_licence_of(row)] += 1
            shapes.update(row["shape"])
            repaired += row.get("attempt") is not None
        others = other_models(self.project)
        return build_manifest(self.project, artifacts, fan_out, others, measured, licences, shapes, repaired)

    def _empty(self, artifacts: Artifacts, selected: ShardPaths) -> PipelineError:
        """The error of a dataset without rows: where the last record was lost. The report is written all the same."""
        folder = self.project.artifacts / "empty"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        publish(folder / "manifest.json", [json_bytes(self._manifest(artifacts, selected))])
        publish(folder / "train.jsonl", [])
        add_report(self.project.artifacts, folder, self.reporter.say)
        report = folder / "report.html"
        tasks = {task.stage: task for task in shard_tasks(self.project)}
        lost = where_lost(artifacts, [*tasks, Selection.stage], selected.read_meta()["shards"])
        rule = lost.rules.most_common(1)[0][0]
        hint = (tasks[lost.stage] if lost.stage in tasks else Selection.of(self.project)).hint(rule)
        return PipelineError(
            f"the dataset would be empty: the last records were lost at the stage {lost.stage}, "
            f"all {lost.units:,} of them ({by_rule(lost.rules)}), such as {printable(lost.example)}: "
            f"{printable(lost.evidence)}",
            f"{hint}\n  `selfcodealign explain {printable(lost.example)}` shows that one"
            + (f"; the report is {report}" if report.exists() else ""),
        )

    def _funnel(self) -> Funnel:
        """What the run is made of, for its status."""
        tasks = shard_tasks(self.project)
        return Funnel(
            {task.stage: task.paths.folder for task in tasks},
            {task.stage: task.units_per_record for task in tasks},
            Selection.of(self.project).foreseen,
            self._seeds()["kept"],
        )

    def _seeds(self) -> dict[str, Any]:
        """The counts of the definitions in the sources."""
        selection = Selection.of(self.project)
        artifacts, shards = selection.artifacts, selection.foreseen
        kept = sum(artifacts.shard("seeds", number).read_meta()["kept"] for number in shards)
        return self.project.scan.snapshot.funnel(kept)


class DatasetFiles(PipelineTask):
    """The folder of a dataset's files, made once, whichever of several workers does it."""

    first: int = luigi.IntParameter(
        default=0, description="how many shards, from the first one; 0: all that are needed"
    )

    @property
    def selection(self) -> Selection:
        return Selection(snapshot=Selection.of(self.project).snapshot, first=self.first, project=self.project)

    def is_made(self) -> bool:
        dataset = FinalDataset(project=self.project)
        return dataset.recipe_of(self.selection).folder(self.project.artifacts).exists()

    def run(self) -> None:
        FinalDataset(project=self.project).build(self.selection)


def add_report(artifacts: Path, folder: Path, say: Callable[[str], None]) -> None:
    """Write the report into the dataset's folder, in a process of its own: one that fails, as when the
    plotting library crashes over some text, costs the dataset its report and nothing else."""
    latest = artifacts / "latest"
    previous = [str(latest.resolve())] if latest.exists() else []
    argv = ["-m", "pipeline.report", str(artifacts), str(folder), *previous]
    try:
        run_child("writing the report", argv, artifacts / "logs" / "report.log")
    except PipelineError as error:
        say(f"the dataset has no report: {error.problem} ({error.remedy})")


def _licence_of(row: Mapping[str, Any]) -> str:
    """The licence that the seeds of a row are under together."""
    seeds = [seed for seed in (row["seed"], row["partner"]) if seed]
    of_seeds = [seed["licence"] for seed in seeds]
    if len(seeds) == 1 or None in of_seeds:
        return UNKNOWN if None in of_seeds else str(of_seeds[0])
    return all_of(of_seeds) or UNKNOWN


def _points_at(link: Path, folder: Path) -> bool:
    return link.is_symlink() and link.resolve() == folder.resolve()
