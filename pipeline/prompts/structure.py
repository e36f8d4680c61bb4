"""Recognises the section headers of prompt documents in foreign text."""

from __future__ import annotations

import re

from pipeline.records import Rules

_STRUCTURE = re.compile(
    r"^(?:#{2,3} (?:Example \d+|Snippet|Commit|Documented|Concepts|Properties|Instruction|Response|Tests)\b)",
    re.MULTILINE,
)


RULES: Rules = {
    "prompt_structure": "A line of the text reads as a section header of our prompts, and would end its section.",
}


def breaks_structure(text: str) -> bool:
    """Whether a text holds a line that reads as a section header of our prompts."""
    return _STRUCTURE.search(text) is not None
