"""Plans how a generating stage runs: its settings with defaults resolved, and the shots that fit the window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from pipeline.errors import ConfigError
from pipeline.prompts.exemplars import ExemplarSet
from pipeline.prompts.render import example

if TYPE_CHECKING:
    from pipeline.config import sections

# The share of the window, after max_tokens, that is reserved for a record's own tail: a snippet is long, the
# properties of an instruction are a few lines.
_TAIL_SHARE = {
    "concepts": 0.4,
    "instructions": 0.1,
    "inspired": 0.4,
    "evolved": 0.2,
    "committed": 0.4,
    "responses": 0.25,
    "repairs": 0.5,
}


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """The settings of a generating stage, with defaults resolved. Lengths are in tokens.

    `form` is the form of its prompts: the stage's name or, for instructions, the form of their source.
    `wanted_shots` is the configured number of shots, `shots` the number that fits the window.
    """

    stage: str
    form: str
    shots: int
    wanted_shots: int
    max_tokens: int
    window: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float


def plan_generation(
    stage: str,
    form: str,
    section_name: str,
    section: sections.Sampled,
    exemplars: ExemplarSet,
    window: int,
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> GenerationPlan:
    """Resolve a stage's settings; reduces the shots until the longest possible context fits the window.

    `section` is the configuration section `section_name`; the window is in tokens; `count_tokens` returns the length
    of each text. Raises ConfigError when the set has too few exemplars, or when not even one fits.
    """
    configured = section.shots or exemplars.shots[section_name]
    available = len(exemplars.of(form)) if form in exemplars.intro else 0
    if configured > available:
        raise ConfigError(
            f"[{section_name}] shots = {configured}, the exemplar set {exemplars.name} has {available} "
            "that can show it",
            f"lower it or add exemplars, and an introduction {form} in set.json (docs/prompts.md)",
        )
    max_tokens = section.max_tokens or exemplars.max_tokens[section_name]
    room = int((window - max_tokens) * (1 - _TAIL_SHARE[form]))
    shots = _fitting(form, exemplars, configured, room, count_tokens)
    if shots == 0:
        raise ConfigError(
            f"[{section_name}] no exemplar fits: the window is {window} tokens, max_tokens {max_tokens}",
            "lower max_tokens, or use a model with a longer window",
        )
    return GenerationPlan(
        stage=stage,
        form=form,
        shots=shots,
        wanted_shots=configured,
        max_tokens=max_tokens,
        window=window,
        temperature=section.temperature,
        top_k=section.top_k,
        top_p=section.top_p,
        min_p=section.min_p,
    )


def _fitting(
    form: str,
    exemplars: ExemplarSet,
    configured: int,
    room: int,
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> int:
    """The largest number of shots, up to `configured`, whose longest possible draw fits into `room` tokens."""
    header = "## Example 00\n"
    intro, *examples = count_tokens(
        [exemplars.intro[form], *(header + example(exemplars, form, item) for item in exemplars.of(form))]
    )
    used = intro
    for shots, length in enumerate(sorted(examples, reverse=True)[:configured], start=1):
        used += length
        if used > room:
            return shots - 1
    return configured


def exemplars_digest(form: str, exemplars: ExemplarSet) -> str:
    """sha256, in hex, of the texts that prompts of a form are made of, and of the exemplars' names."""
    items = exemplars.of(form)
    texts = [exemplars.intro[form], *(example(exemplars, form, item) for item in items)]
    names = [item.name for item in items]
    return hashlib.sha256(orjson.dumps([texts, names])).hexdigest()
