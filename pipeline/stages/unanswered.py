"""Units that a server left undone: they are no outcome, so that the next run requests them again.

With `[engine] unanswered = drop` they are rejected under the rule `error` instead, and the run goes on without them.
"""

from __future__ import annotations

from pipeline.config import sections
from pipeline.engine import Completion, Scores
from pipeline.errors import PipelineError
from pipeline.records import Rejection


class Unanswered:
    """What a server left undone of one shard."""

    def __init__(self, section: sections.engine) -> None:
        self._drops = section.unanswered == "drop"
        self._last: Completion | Scores | None = None
        self._count = 0

    def holds(self, answer: Completion | Scores) -> bool:
        """Whether a unit is left undone; it is counted then."""
        if answer.reason != "undone" or self._drops:
            return False
        self._last, self._count = answer, self._count + 1
        return True

    def end(self) -> None:
        """All other units of the shard are done. Raises PipelineError if any was left undone."""
        if self._last is not None:
            raise PipelineError(
                f"the server has left {self._count} requests unanswered, the last one ({self._last.id}) because: "
                f"{self._last.detail}",
                "all others are safe; the same command requests these again, and with --engine-unanswered drop it goes "
                "on without them",
            )


def rejection(answer: Completion | Scores, evidence: str) -> Rejection:
    """The rejection of a unit that has no completed text, under the reason of its end."""
    return Rejection("error" if answer.reason == "undone" else answer.reason, evidence)
