"""Fragments: consecutive lines of a file as seeds, whatever they hold (OSS-Instruct takes 1 to 15 lines of each file).

They are for comparing seeds: fragments are not parsed, documented or checked for types. Which lines they are follows
from the text alone, by hash: the same text gives the same fragments everywhere, and an edit changes only those near it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.prompts import structure
from pipeline.records import Rejection
from pipeline.seeds.definitions import SEED_ID_CHARS, digest_of
from pipeline.seeds.rules import CHARS_A_LINE
from pipeline.text import hashing, private

FRAGMENTS = "fragments"
MOST_LINES = 15  # Wei et al. 2023, "Magicoder: Empowering Code Generation with OSS-Instruct", section 2.1
EVERY = 40  # lines of which one begins a fragment, on average


@dataclass(frozen=True, slots=True)
class Fragment:
    """Lines of a file without their common indentation. Lines are counted from 1, inclusive."""

    first_line: int
    last_line: int
    code: str
    name: str = "fragment"
    kind: str = FRAGMENTS

    @property
    def digest(self) -> str:
        """sha256 of the code in hex."""
        return digest_of(self.code)

    @property
    def id(self) -> str:
        """The seed's id: the first hex digits of the digest."""
        return self.digest[:SEED_ID_CHARS]


def fragments(text: str) -> Iterator[Fragment]:
    """The fragments of a file in order; they do not overlap."""
    lines = [line.rstrip() for line in text.split("\n")]
    row = 0
    while row < len(lines):
        after = lines[row : row + MOST_LINES]
        if not lines[row] or hashing.number("fragment", *after) % EVERY:
            row += 1
            continue
        chosen = after[: 1 + hashing.number("lines", *after) % MOST_LINES]
        while not chosen[-1]:
            chosen.pop()
        yield Fragment(row + 1, row + len(chosen), textwrap.dedent("\n".join(chosen)) + "\n")
        row += len(chosen)


def rejected(fragment: Fragment) -> Rejection | None:
    """Rejects a fragment by the first of those rules that concern any text."""
    lines = fragment.last_line - fragment.first_line + 1
    if len(fragment.code) > CHARS_A_LINE * lines:
        return Rejection("too_long", f"{len(fragment.code)} characters > {CHARS_A_LINE * lines}")
    if structure.breaks_structure(fragment.code):
        return Rejection("prompt_structure", "a line reads as a section header of our prompts")
    for rule, find in (("secret", private.secret), ("personal_data", private.personal_data)):
        if evidence := find(fragment.code):
            return Rejection(rule, evidence[:500])
    return None
