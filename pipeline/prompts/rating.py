"""The prompt by which a model rates a task with its answer: a number from 0 to 3 as its next word.

0: of no use, unclear or wrong; 1: right and trivial; 2: a fair exercise; 3: clear, complete, and much to learn from.
The exemplars stand in the folder rated, a file each with Instruction, Response and Rating; they belong to no set.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pipeline.prompts.render import document
from pipeline.records import RATINGS
from pipeline.text.hashing import rank

OPTIONS = tuple(map(str, range(RATINGS)))
_FOLDER = Path(__file__).parent / "rated"
_INTRO = (
    "Each example rates a programming task with its response by what can be learned from it, from 0 (unclear or "
    "wrong) to 3 (clear, complete and not trivial)."
)
_PARTS = re.compile(r"### Instruction\n(.*)\n\n### Response\n(.*)\n\n### Rating\n([0-3])\n", re.DOTALL)


def tail(instruction: str, response: str) -> str:
    """The prompt of a task with its answer, to be continued with one of OPTIONS."""
    return f"### Instruction\n{instruction}\n\n### Response\n{response}\n\n### Rating\n"


@cache
def contexts() -> tuple[str, str]:
    """The few-shot contexts, the same for all: every exemplar, in order of hash and reversed (as the judge's)."""
    parts = {path.stem: _PARTS.fullmatch(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("*.md"))}
    texts = [
        tail(found[1], found[2]) + f"{found[3]}\n"
        for name, found in sorted(parts.items(), key=lambda item: rank("rating", item[0]))
        if found
    ]
    return document(_INTRO, texts), document(_INTRO, reversed(texts))
