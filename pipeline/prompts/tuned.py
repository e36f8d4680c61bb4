"""The prompt of a tuned model: one sentence, the instruction, and the response that it is tuned to write.

Fine-tuning and evaluation share it. Its context is one sentence; the rest is a record's own tail.
"""

from __future__ import annotations

SENTENCE = "Below is a programming instruction, with a response that carries it out.\n\n"


def tail(instruction: str) -> str:
    """The prompt after the sentence, up to where the response begins."""
    return f"### Instruction\n{instruction}\n\n### Response\n"


def prompt(instruction: str) -> str:
    """The whole prompt."""
    return SENTENCE + tail(instruction)
