"""What each key of luigi.cfg means, and what a section is about: the comments of the shipped luigi.cfg.

That file is the one place where a key is described. A comment belongs to all keys below it, up to the next comment or
blank line; one before a section's header to the section. `As in [concepts].` stands for the sentence there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# A link to the luigi.cfg of the source tree: an installed package has a copy of it.
_DESCRIBED = Path(__file__).with_name("luigi.cfg")


@dataclass(frozen=True, slots=True)
class Descriptions:
    """The sentences of `sections`, and of `keys` by section and key."""

    sections: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)


@cache
def descriptions() -> Descriptions:
    """The descriptions of the shipped sections and keys."""
    return read(_DESCRIBED.read_text(encoding="utf-8"))


def read(text: str) -> Descriptions:
    """The descriptions in the text of a luigi.cfg."""
    found = Descriptions()
    section, is_open = "", False
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            comment = [*comment, line[1:].strip()] if is_open else [line[1:].strip()]
            is_open = True
            continue
        is_open = False
        if header := re.fullmatch(r"\[(.+)\]\s*", line):
            section = header[1]
            found.sections[section] = " ".join(comment)
            comment = []
        elif key := re.match(r"(\w+)\s*=", line):
            text = " ".join(comment)
            as_in = re.fullmatch(r"As in \[(\w+)\]\.", text)
            found.keys[section, key[1]] = found.keys[as_in[1], key[1]] if as_in else text
        elif not line.strip():
            comment = []
    return found
