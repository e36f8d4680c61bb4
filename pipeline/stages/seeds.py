"""Stage 1, seeds: the sources' definitions that are worth it, in append-only shards.

In: the sources of `[seeds] sources`. Out: `artifacts/seeds/<recipe>/shard-*.jsonl`, with what was dropped beside
them, and `ledger.journal`: the seeds that each part of a source was last seen to hold. A part is read again only
when it, or a criterion of `[seeds]`, has changed; seeds already in a shard are not written twice. Which seeds are
current (pipeline/seeds/snapshot.py) follows from the ledger alone, so a seed whose file is gone, or that a new rule
drops, leaves the next dataset, while everything that was generated for it stays.

A seed's record is `pipeline.records.Seed`; pipeline/seeds/ makes it.
"""

from __future__ import annotations

import luigi

from pipeline.project.project import Project
from pipeline.seeds import scan as seeds
from pipeline.stages.base import PipelineTask, ProjectParameter
from targets import Recipe, ShardPaths


class Seeds(PipelineTask):
    """Bring ledger and seed shards up to date with the sources."""

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.project.scan.ledger.path))

    def is_made(self) -> bool:
        scan = self.project.checked_scan
        return scan.ledger.path.exists() and not scan.changed and not scan.gone

    def run(self) -> None:
        scan = self.project.checked_scan
        seeds.recipe().write(self.project.artifacts)
        with self.reporter.stage(seeds.STAGE, len(scan.changed)) as progress:
            scan.update(self.project.settings.project.shard_size, progress.advance)
        counts = scan.snapshot.funnel(len(scan.snapshot.occurrences))
        self.reporter.count_seeds(counts)
        self.reporter.say(f"seeds: {counts['kept']} in force, {counts['rejected']} rejected")


class SeedShard(luigi.ExternalTask):
    """A published seed shard, as the input of the stages after it."""

    project: Project = ProjectParameter()  # type: ignore[assignment]
    shard: int = luigi.IntParameter()
    stage = seeds.STAGE

    @property
    def recipe(self) -> Recipe:
        return seeds.recipe()

    @property
    def paths(self) -> ShardPaths:
        return ShardPaths(self.recipe.folder(self.project.artifacts), self.shard)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.paths.records))
