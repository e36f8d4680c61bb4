"""The repaired responses run in the sandbox, under the tests of their attempts.

In: a shard of repairs, with responses. Out: a verdict for each record of the repairs: that of its run here where the
response was repaired, else the one that it has. Rejected: sandbox_error.
"""

from __future__ import annotations

from collections.abc import Set

from pipeline import joined
from pipeline.project.sandboxes import open_pool
from pipeline.stages import verdicts
from pipeline.stages.executions import Executions
from pipeline.stages.repairs import Repairs
from pipeline.stages.stage import Outcome, Outcomes
from pipeline.text.programs import program_text
from sandbox import Program


class Reruns(Executions):
    """A shard of the reruns stage, under the limits of the executions."""

    stage, version = "reruns", 1
    follows = Repairs

    def notice(self, outcome: Outcome) -> None:
        """Verdicts that are handed on were noticed before, and repairs that fail end no run."""

    def outcomes(self, done: Set[str]) -> Outcomes:
        for record in self.before.paths.read():
            if "verdict" in record and record["id"] not in done:
                yield Outcome(record["id"], record["verdict"])
        repaired = joined.repaired(self.artifacts, self.shard)
        programs = (
            Program(response["id"], program_text(response["code"], response["tests"]))
            for response in joined.read(self.artifacts, "responses", self.shard)
            if response["id"] in repaired and response["id"] not in done
        )
        with open_pool(self.project, self.reporter.say) as pool:
            for result in pool.run_many(programs):
                yield verdicts.outcome(result)
