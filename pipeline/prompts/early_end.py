"""Decides for a response that is being written whether more tokens of it can still matter.

In: the text so far, and the share of max_tokens that it took. Out: the reason to end it now, or None. llama.cpp's
process calls it every few tokens. A server is not interrupted: there it only finds a text that reached max_tokens after
what matters was complete.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.engine import Reason
from pipeline.prompts.parse import is_settled
from pipeline.records import Rules

HALF = 0.5
RULES: Rules = {
    "late_code": "No code block had begun by half of max_tokens, and the completion was ended early.",
}
HINTS: Rules = {
    "late_code": "raise [STAGE] max_tokens if long prose before the code is meant; else a stronger base model",
}


@dataclass(frozen=True, slots=True)
class ResponseEnd:
    """For responses that must have `parts`. See `pipeline.engine.EarlyEnd`."""

    parts: tuple[str, ...] = ()

    def __call__(self, text: str, share: float) -> Reason | None:
        if is_settled(text, self.parts):
            return "stop"
        if share >= HALF and "```" not in text and "~~~" not in text:
            return "late_code"
        return None
