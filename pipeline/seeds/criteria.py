"""What makes a seed, as `[seeds]` asks for it.

It decides which seeds are in force, not what a seed looks like: so it is in no recipe, but in what a part of a
source is known again by.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.errors import ConfigError
from pipeline.seeds import rules as filters
from pipeline.seeds import typecheck
from pipeline.seeds.definitions import KINDS
from pipeline.sources import Source, licences
from pipeline.text.lists import as_list

# Raise it when a rule in intake.py or text/ would judge otherwise: every part is then read again.
RULES_VERSION = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What makes a seed, from `[seeds]`."""

    kinds: frozenset[str]
    rules: filters.Settings
    allowed: tuple[str, ...]  # licences; empty: permissive for published sources, any for one's own
    type_check: bool
    near_duplicates: float  # Jaccard similarity; 0: off

    def __post_init__(self) -> None:
        if unknown := self.kinds - set(KINDS):
            raise ConfigError(
                f"[seeds] kinds: {', '.join(sorted(unknown))} is unknown",
                f"there are {', '.join(KINDS)}",
            )
        licences.AllowList(self.allowed)

    @classmethod
    def of(cls, section: Any) -> Wanted:
        """What the [seeds] section asks of a seed. Raises ConfigError for a value that means nothing."""
        return cls(
            kinds=frozenset(as_list(section.kinds)),
            rules=filters.Settings(section.max_lines, frozenset(as_list(section.denied_imports))),
            allowed=tuple(as_list(section.licences)),
            type_check=section.type_check,
            near_duplicates=section.near_duplicates,
        )

    def allow_list(self, source: Source) -> licences.AllowList:
        default = ("permissive",) if source.published else ("any",)
        return licences.AllowList(self.allowed or default)

    def digest(self, source: Source) -> str:
        """Eight hex digits over all that a part's entry depends on besides the part."""
        parts = [
            RULES_VERSION, sorted(self.kinds), self.rules.max_lines, sorted(self.rules.denied_imports),
            sorted(self.allowed), source.published, source.share, self.near_duplicates,
            typecheck.version() if self.type_check else "",
        ]  # fmt: skip
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:8]
