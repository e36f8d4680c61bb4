"""Chooses among the concepts that a syntax tree shows.

The same function names the concepts of a micro-world function and of a realistic snippet, so the
concepts of real seeds are words that the instruction stage was trained on.
"""

from __future__ import annotations

import random

from pipeline.text.code_concepts import FALLBACK


def choose(rng: random.Random, concepts: list[str], most: int = 4) -> list[str]:
    """Two to `most` of the concepts, in the given order; the fallback fills up."""
    concepts = list(dict.fromkeys(concepts))
    if len(concepts) < 2:
        concepts = list(dict.fromkeys([*concepts, *FALLBACK]))[:2]
    count = min(len(concepts), rng.choice((2, 3, 3, 3, most)))
    picked = sorted(rng.sample(range(len(concepts)), count))
    return [concepts[i] for i in picked]
