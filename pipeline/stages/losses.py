"""Notices a stage that loses everything: the first units that it finishes in a run, none of them kept.

A night of completions that all end in the same way costs as much as one with rows. So the stage says it early, with
the rule, an example and what to change, and [project] stop_when_hopeless may end the run there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

FIRST_UNITS = 20  # lost under rules, in a stage that keeps most of what it makes
FIRST_PROGRAMS = 100  # that do not pass, which is ordinary for most programs of a weak model
NOT_PASSED = "not_passed"  # the selection's rule
_SHOWN = 200  # characters of an example


@dataclass
class FirstLosses:
    """The units that a stage has lost since the run began, until it keeps one or `is_hopeless` has been true once."""

    rules: Counter[str] = field(default_factory=Counter)
    example: tuple[str, str] = ("", "")  # id and evidence, of the most frequent rule's first loss
    over: bool = False

    def lose(self, unit: str, rule: str, evidence: str) -> bool:
        """Count a loss; return whether it makes the stage hopeless, which it does once."""
        if self.over:
            return False
        self.rules[rule] += 1
        if not self.example[0]:
            self.example = unit, " ".join(evidence.split())[:_SHOWN]
        self.over = self.rules.total() >= (FIRST_PROGRAMS if rule == NOT_PASSED else FIRST_UNITS)
        return self.over

    def keep(self) -> None:
        """A unit was kept: the stage loses some, not all."""
        self.over = True


def by_rule(rules: Counter[str]) -> str:
    """How many units each rule dropped, the most frequent first, in words."""
    return ", ".join(f"{rule} {count:,}" for rule, count in rules.most_common())
