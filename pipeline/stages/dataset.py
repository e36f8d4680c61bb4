"""Stage 9, the dataset: `luigi --module pipeline FinalDataset` is this task.

In: the selection. Out: `artifacts/dataset/<recipe>/` with train.jsonl, train.parquet, README.md (the
dataset card), manifest.json (funnel, recipes, model, versions, time) and report.html, published as a whole,
and the link `artifacts/latest`. The build fails when a stage's numbers do not add up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import luigi

from pipeline.dataset.card import NOT_DECONTAMINATED, dataset_card
from pipeline.dataset.manifest import build_manifest
from pipeline.errors import MissingDataError, PipelineError
from pipeline.project import session
from pipeline.run.status import Funnel
from pipeline.run.subprocesses import run_child
from pipeline.selection.balance import Weights
from pipeline.stages import recipes, selection
from pipeline.stages.base import PipelineTask
from pipeline.stages.seeds import Seeds, scan
from pipeline.stages.selection import Selection
from targets import Recipe, ShardPaths, replace_link
from targets.atomic import json_bytes, jsonl_lines, publish, publish_folder, temporary_beside

_CHUNK_ROWS = 10_000


class FinalDataset(PipelineTask):
    """The instruction dataset of the sources, model and configuration as they are now."""

    def requires(self) -> luigi.Task:
        if not session.current().has_company:
            return Seeds()
        # A worker is only given tasks that it knows. So each of several scans before it plans.
        if not Seeds().complete():
            Seeds().run()
        digest = scan().snapshot.digest
        return Selection(snapshot=digest) if scan().snapshot.occurrences else Seeds()

    @property
    def recipe(self) -> Recipe:
        return recipes.dataset(selection.recipe())

    @property
    def folder(self) -> Path:
        return self.recipe.folder(session.current().artifacts)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.folder))

    def is_made(self) -> bool:
        run = session.current()
        if (
            Seeds().complete()
            and self.folder.exists()
            and _points_at(run.artifacts / "latest", self.folder)
        ):
            return True
        run.preflight()
        return False

    def run(self) -> Iterator[luigi.Task]:
        # Which shards there are is known only once the sources are scanned: the one dynamic dependency.
        run = session.current()
        if not scan().snapshot.occurrences:
            raise MissingDataError(
                "no source holds a seed: " + ", ".join(source.label for source in run.sources),
                "seeds are top-level functions with a docstring, an argument and a returned value; see "
                f"{run.recipes['seeds'].folder(run.artifacts)} for what was dropped and why",
            )
        run.reporter.expect(_funnel(run))
        yield Selection(snapshot=scan().snapshot.digest)
        if not self.folder.exists():
            self.build()
        latest = run.artifacts / "latest"
        replace_link(latest, os.path.relpath(self.folder, run.artifacts))
        run.reporter.finish(Selection(snapshot=scan().snapshot.digest).paths.read_meta())
        run.reporter.say(f"dataset: {latest} -> {os.readlink(latest)}")
        if not run.packs:
            run.reporter.say(f"{NOT_DECONTAMINATED} See [decontamination] packs.")

    def build(self) -> None:
        """Make the dataset's folder out of the selection. Raises PipelineError when it would be empty."""
        run = session.current()
        selected = Selection(snapshot=scan().snapshot.digest).paths
        if not selected.read_meta()["kept"]:
            raise PipelineError(
                f"the dataset would be empty: none of {selected.read_meta()['units']} responses was selected",
                f"see {selected.rejected} for the reasons; more seeds or a stronger model help",
            )
        weights, answered_by = Weights(selected.read()), run.model_of("responses").provenance
        manifest = build_manifest(run, scan().snapshot, selected, self.recipe)
        temporary = temporary_beside(self.folder)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        publish(temporary / "train.jsonl", jsonl_lines(_rows(selected, weights, answered_by)))
        write_parquet(temporary / "train.parquet", _rows(selected, weights, answered_by))
        publish(temporary / "manifest.json", [json_bytes(manifest)])
        publish(temporary / "README.md", [dataset_card(manifest).encode()])
        add_report(run.artifacts, temporary, run.reporter.say)
        publish_folder(temporary, self.folder)


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


def _funnel(run: session.Session) -> Funnel:
    """What this run is made of, for those who look on."""
    shards = scan().shards_in_force
    return Funnel(
        {stage: run.recipes[stage].folder(run.artifacts) for stage in run.sharded},
        shards,
        sum(run.shard("seeds", number).read_meta()["kept"] for number in shards),
        run.settings.responses.samples,
    )


def _rows(
    selected: ShardPaths, weights: Weights, model: dict[str, str]
) -> Iterator[dict[str, Any]]:
    for example in selected.read():
        yield {**example, "weight": weights.of(example), "model": model}


def write_parquet(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Rows as Parquet, a bounded number in memory at a time; the schema is the dataset's own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number = pa.string(), pa.int64()
    seed = pa.struct(
        [("id", text), ("source", text), ("path", text), ("name", text),
         ("lines", pa.list_(number)), ("digest", text), ("licence", text),
         ("repository", text), ("revision", text)]
    )  # fmt: skip
    schema = pa.schema(
        [
            ("id", text), ("instruction", text), ("response", text), ("tests", text),
            ("concepts", pa.list_(text)), ("category", text), ("difficulty", text), ("seed", seed),
            ("samples", pa.struct([("n", number), ("passed", number)])),
            ("verification", pa.struct(
                [("asserts", number), ("functions", pa.list_(text)), ("mutants", number),
                 ("killed", number), ("agreement", pa.float64())]
            )),
            ("measured_difficulty", text), ("weight", pa.float64()),
            ("model", pa.struct([("name", text), ("sha256", text)])),
        ]
    )  # fmt: skip
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        chunk: list[dict[str, Any]] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == _CHUNK_ROWS:
                writer.write_table(pa.Table.from_pylist(chunk, schema))
                chunk = []
        if chunk:
            writer.write_table(pa.Table.from_pylist(chunk, schema))


def _points_at(link: Path, folder: Path) -> bool:
    return link.is_symlink() and link.resolve() == folder.resolve()
