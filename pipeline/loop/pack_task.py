"""What the tasks of one pack's evaluation share: which pack it is."""

from __future__ import annotations

import luigi

from pipeline.packs.pack import Pack
from pipeline.stages.base import PipelineTask


class PackTask(PipelineTask):
    """A task about one of the packs of [evaluation]: `pack` is its entry there; empty: the first."""

    pack: str = luigi.Parameter(default="")

    @property
    def benchmark(self) -> Pack:
        """The pack itself, which can be scored."""
        return self.project.evaluated_pack(self.pack)
