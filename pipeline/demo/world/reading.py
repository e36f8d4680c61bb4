"""Parses an instruction back into its chain, so that a generated task can be judged by hidden tests.

It parses the phrases of `phrasing.py` and nothing else: an instruction in other words gives None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pipeline.demo.world import phrasing
from pipeline.demo.world.chains import BY_KIND, Chain, Step
from pipeline.demo.world.operation import Kind, fill

_CALL = re.compile(r"`(\w+)\((\w+)\)`|named `(\w+)` with one parameter `(\w+)`")
_CONNECTORS = (" and then ", ", and then ", ", then ", " and ")


@dataclass(frozen=True, slots=True)
class Reading:
    """The function that an instruction requests and what it has to compute."""

    name: str
    argument: str
    chain: Chain


def read_instruction(text: str) -> Reading | None:
    """The task behind an instruction of the micro-world; None where it cannot be parsed."""
    call = _CALL.search(text)
    if call is None:
        return None
    name, argument = (call.group(1), call.group(2)) if call.group(1) else call.group(3, 4)
    for kind, arguments in phrasing.INPUTS.items():
        if argument in arguments:
            chain = _first_chain(text, kind)
            return Reading(name, argument, chain) if chain else None
    return None


@cache
def _phrases(kind: Kind) -> tuple[tuple[str, Step], ...]:
    """Every phrase of the kind's operations in both persons, longest first."""
    steps = {}
    for op in BY_KIND.get(kind, ()):
        for param in op.params:
            for template in op.phrases:
                phrase = fill(template, "", param)
                for form in (phrase, phrasing.third_person(phrase)):
                    steps[form] = Step(op, param)
    return tuple(sorted(steps.items(), key=lambda item: -len(item[0])))


def _first_chain(text: str, kind: Kind) -> Chain | None:
    """The chain whose first phrase comes first in the text (the longest one at that place)."""
    lowered = text[0].lower() + text[1:]
    best: tuple[int, int, Step] | None = None
    for phrase, step in _phrases(kind):
        at = lowered.find(phrase)
        if at >= 0 and (best is None or (at, -len(phrase)) < best[:2]):
            best = (at, -len(phrase), step)
    if best is None:
        return None
    at, minus_length, step = best
    return (step, *_next_steps(lowered[at - minus_length :], step.op.gives))


def _next_steps(rest: str, kind: Kind) -> Chain:
    for connector in _CONNECTORS:
        if rest.startswith(connector):
            after = rest[len(connector) :]
            for phrase, step in _phrases(kind):
                if after.startswith(phrase):
                    return (step,)
    return ()
