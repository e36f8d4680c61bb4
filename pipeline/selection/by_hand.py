"""Rows that a person takes out: the file of `[selection] reject`, one line each of an id and the reason.

The id is that of a row or another response, as the report's button writes it, or of an instruction, whose responses are
then all rejected. Empty lines and lines that begin with # do not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from pipeline.errors import ConfigError, MissingDataError
from pipeline.records import Rejection, instruction_of

RULE = "by_hand"


@dataclass(frozen=True, slots=True)
class ByHand:
    """Reasons by id; `met` are the ids that a response was rejected by."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    @property
    def digest(self) -> str:
        """What distinguishes it from other lists, for recipes: the order of the lines does not."""
        return hashlib.sha256(orjson.dumps(sorted(self.reasons.items()))).hexdigest()

    @property
    def unmet(self) -> list[str]:
        """The ids that no response has had."""
        return sorted(self.reasons.keys() - self.met)

    def rejection(self, response: str) -> Rejection | None:
        """The rejection of a response by its id, if it is in the list."""
        for id in (response, instruction_of(response)):
            if id in self.reasons:
                self.met.add(id)
                return Rejection(RULE, self.reasons[id])
        return None


def read(path: Path) -> ByHand:
    """The list in a file. Raises MissingDataError where there is none, ConfigError for an id that is in it twice."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise MissingDataError(f"[selection] reject: {path} cannot be read: {problem}", "correct the path") from None
    reasons: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        id, _, reason = line.strip().partition(" ")
        if not id or id.startswith("#"):
            continue
        if id in reasons:
            raise ConfigError(f"{path}, line {number}: {id} is there twice", "keep one of the lines")
        reasons[id] = reason.strip() or "no reason given"
    return ByHand(reasons)
