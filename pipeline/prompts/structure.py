"""The section headers of prompt documents, recognised in foreign text."""

from __future__ import annotations

import re

_STRUCTURE = re.compile(
    r"^(?:#{2,3} (?:Example \d+|Snippet|Commit|Documented|Concepts|Properties|Instruction|Response|Tests)\b)",
    re.MULTILINE,
)


def breaks_structure(text: str) -> bool:
    """Whether a text holds a line that reads as one of our own section headers."""
    return _STRUCTURE.search(text) is not None
