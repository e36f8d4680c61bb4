"""Seed acceptance criteria from `[seeds]`.

They decide which seeds are current but not a seed's content, so they are not part of the recipe. They are part of
each source part's signature, so changing them re-reads the sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from pipeline.errors import ConfigError
from pipeline.extensions import UserFunction, functions, require_new_names
from pipeline.seeds import definitions, typecheck
from pipeline.seeds.fragments import FRAGMENTS
from pipeline.seeds.rules import RULES_VERSION, SEED_RULES, Limits
from pipeline.sources import Source, licences
from pipeline.text import private
from pipeline.text.lists import as_list

if TYPE_CHECKING:
    from pipeline.config import sections


KINDS = (*definitions.KINDS, FRAGMENTS)


@dataclass(frozen=True, slots=True)
class Screen:
    """What no seed may hold: `find` returns the evidence for a seed's code that does, None for any other.

    `digest` changes whenever `find` may return something else.
    """

    digest: str
    find: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class SeedCriteria:
    """Which definitions become seeds: the validated values of `[seeds]`."""

    kinds: frozenset[str]
    limits: Limits
    # Licences; empty: permissive for published sources, any for the user's own.
    allowed: tuple[str, ...]
    type_check: bool
    near_duplicates: float  # Jaccard similarity; 0: off
    limit: int = 0  # most seeds in force, those of the lowest ids; 0: no limit
    by_hash: bool = False  # new seeds are stored in the order of their ids, whichever they are
    helpers: bool = False  # what a definition needs of its module and class goes along
    rules: tuple[UserFunction, ...] = ()  # of the user, applied after the pipeline's own
    screen: Screen | None = None  # for tasks of benchmark packs; None without packs

    def __post_init__(self) -> None:
        if unknown := self.kinds - set(KINDS):
            raise ConfigError(
                f"[seeds] kinds: {', '.join(sorted(unknown))} is unknown",
                f"there are {', '.join(KINDS)}",
            )
        licences.AllowList(self.allowed)
        require_new_names("[seeds] rules", self.rules, SEED_RULES)

    @classmethod
    def of(
        cls, section: sections.seeds, root: Path, screen: Screen | None = None, by_hash: bool = False
    ) -> SeedCriteria:
        """The criteria of the [seeds] section; modules of rules are looked for in `root` first.

        Raises ConfigError for an unknown kind or licence, or a rule that cannot be loaded.
        """
        return cls(
            kinds=frozenset(as_list(section.kinds)),
            limits=Limits(section.max_lines, frozenset(as_list(section.denied_imports)), section.generators),
            allowed=tuple(as_list(section.licences)),
            type_check=section.type_check,
            near_duplicates=section.near_duplicates,
            limit=section.limit,
            by_hash=by_hash or section.limit > 0,
            helpers=section.helpers,
            rules=functions("[seeds] rules", as_list(section.rules), root),
            screen=screen,
        )

    def allow_list(self, source: Source) -> licences.AllowList:
        """The licences that a seed of this source may be under."""
        default = ("permissive",) if source.published else ("any",)
        return licences.AllowList(self.allowed or default)

    def digest(self, source: Source) -> str:
        """Eight hex digits over the criteria and all else that a part's ledger entry depends on besides the part."""
        parts = [
            RULES_VERSION, sorted(self.kinds), self.limits.max_lines, sorted(self.limits.denied_imports),
            sorted(self.allowed), source.published, source.share, self.near_duplicates,
            typecheck.version() if self.type_check else "", private.detector(), self.limits.generators, self.helpers,
            *(rule.identity for rule in self.rules),
            *([self.limit] if self.limit else []),
            *([self.screen.digest] if self.screen else []),
        ]  # fmt: skip
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:8]
