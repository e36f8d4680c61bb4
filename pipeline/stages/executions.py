"""Stage 5, executions: every response with its tests is run in a sandbox of its own.

In: a shard of responses. Out: records {id (the response's), passed, status, detail, exit_code, signal,
wall_s, cpu_s, max_rss, stderr (its end)}. A failing verdict is data and is kept; only a program that the
sandbox could not judge at all is rejected (`sandbox_error`).
"""

from __future__ import annotations

import sys
from collections.abc import Set
from typing import Any, ClassVar

import luigi

from pipeline.project.sandboxes import open_pool
from pipeline.stages import verdicts
from pipeline.stages.responses import Responses
from pipeline.stages.stage import Outcomes, ShardTask
from pipeline.text.lists import as_list
from pipeline.text.programs import program_text
from sandbox import PROTOCOL, Program


class Executions(ShardTask):
    """A shard of the executions stage."""

    stage, version = "executions", 1
    follows: ClassVar[type[luigi.Task]] = Responses
    rules = verdicts.RULES
    hints = verdicts.HINTS

    def ingredients(self) -> dict[str, Any]:
        return {
            "sandbox": PROTOCOL,
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "packages": sorted(as_list(self.project.settings.sandbox.packages)),
        }

    def limits(self) -> dict[str, Any]:
        section = self.project.settings.executions
        return {
            "timeout_s": section.timeout,
            "memory_mb": section.memory_mb,
            "attempt": section.attempt,
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        programs = (
            Program(response["id"], program_text(response["code"], response["tests"]))
            for response in self.kept_of("responses")
            if response["id"] not in done
        )
        with open_pool(self.project, self.reporter.say) as pool:
            for result in pool.run_many(programs):
                yield verdicts.outcome(result)
