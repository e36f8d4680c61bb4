"""Stage 8, selection (global): which response of each instruction becomes an example.

In: all shards that hold seeds in force. Out: one shard of examples under a recipe that covers the snapshot
of the seeds, with every response that was not taken in its rejected file, by rule (selector.py).
Shards are judged one after the other, so that new shards never take earlier rows out; with
`[selection] keep = best` all are judged together, and of near-duplicates the best row wins wherever it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

import luigi

from pipeline.project import session
from pipeline.selection.selector import Selector
from pipeline.stages import recipes
from pipeline.stages.base import PipelineTask
from pipeline.stages.decontamination import Decontamination
from pipeline.stages.seeds import Seeds, scan
from pipeline.stages.verifications import read_joined
from targets import Finished, Recipe, ShardPaths, ShardWriter

STAGE = "selection"


def recipe() -> Recipe:
    """The selection's recipe for the snapshot in force."""
    run = session.current()
    return recipes.selection(run.settings, run.recipes, scan().snapshot.digest)


class Selected(PipelineTask):
    """The selection over the seeds that are there now."""

    def requires(self) -> luigi.Task:
        return Seeds()

    def is_made(self) -> bool:
        run = session.current()
        if Seeds().complete() and self._selection().complete():
            return True
        run.preflight()
        return False

    def run(self) -> Iterator[luigi.Task]:
        yield self._selection()

    @staticmethod
    def _selection() -> Selection:
        return Selection(snapshot=scan().snapshot.digest)


class Selection(PipelineTask):
    """The selection over a snapshot; `snapshot` is its digest."""

    snapshot = luigi.Parameter(description="digest of the seeds in force")

    def requires(self) -> list[luigi.Task]:
        return [self.clone(Decontamination, shard=number) for number in scan().shards_in_force]

    @property
    def paths(self) -> ShardPaths:
        run = session.current()
        selected = recipes.selection(run.settings, run.recipes, self.snapshot)
        return ShardPaths(selected.folder(run.artifacts), 0)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.paths.records))

    def run(self) -> None:
        run = session.current()
        began = time.monotonic()
        recipe().write(run.artifacts)
        shards = scan().shards_in_force
        total = sum(run.shard("decontamination", number).read_meta()["kept"] for number in shards)
        selector = Selector(scan().snapshot.occurrences, run.settings.selection)
        batches = (read_joined(run, number) for number in shards)
        with (
            suppress(Finished),
            # Selecting is quick and must see all candidates in order: an interrupted one starts over.
            ShardWriter(self.paths, resume=False) as writer,
            run.reporter.stage(STAGE, total) as ticker,
        ):
            together = run.settings.selection.keep == "best"
            for batch in [chain.from_iterable(batches)] if together else batches:
                for found, rule, evidence in selector.judge(batch):
                    if rule:
                        writer.reject(found["id"], rule, evidence)
                    else:
                        writer.keep(found["id"], found)
                    ticker.advance(not rule)
            writer.publish({"seconds": round(time.monotonic() - began, 3), "shards": shards})
