"""Whether a model can judge seeds: how well it tells documented exemplars from undocumented ones that it is not shown.

Each exemplar of the judge is judged with the others as examples. The measure is the share of pairs, one documented
and one not, of which the documented one got the higher probability of Yes: 1 for a judge, 0.5 for a coin.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from pipeline.engine import Engine
from pipeline.prompts import render
from pipeline.prompts.exemplars import ExemplarSet
from pipeline.stages.judgements import judged

ENOUGH = 0.75


@dataclass(frozen=True, slots=True)
class Ability:
    """Of `pairs` pairs of exemplars, `right` are in the right order; equal probabilities count half."""

    right: float
    pairs: int

    @property
    def can_judge(self) -> bool:
        return self.right >= ENOUGH * self.pairs

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "can_judge": self.can_judge}


def ability(engine: Engine, exemplars: ExemplarSet) -> Ability:
    """How well the engine's model judges the exemplars of the judge."""
    asked = []
    for item in exemplars.judged:
        others = replace(exemplars, judged=tuple(other for other in exemplars.judged if other is not item))
        asked.append((item.name, render.judgements_contexts(others), render.judgements_tail(item.snippet)))
    found = {name: yes for name, yes in judged(engine, asked) if isinstance(yes, float)}
    good = [found[item.name] for item in exemplars.judged if item.documented and item.name in found]
    poor = [found[item.name] for item in exemplars.judged if not item.documented and item.name in found]
    right = sum(1.0 if yes > no else 0.5 if yes == no else 0.0 for yes in good for no in poor)
    return Ability(right, len(good) * len(poor))


def in_words(measured: dict[str, Any]) -> str:
    """A measured ability, with what to do about it."""
    found = f"it tells documented exemplars from others in {measured['right']:g} of {measured['pairs']} pairs"
    if measured["can_judge"]:
        return f"this model can judge seeds: {found}"
    return f"this model cannot judge seeds: {found}; set [judgements] judge = off"
