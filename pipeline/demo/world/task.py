"""One task of the micro-world: an instruction with everything that belongs to it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pipeline.demo.world import concepts as vocabulary
from pipeline.demo.world import phrasing
from pipeline.demo.world.chains import Chain, draw_chain, held_out
from pipeline.demo.world.code import Style, Writing, can_nest, function
from pipeline.demo.world.expected import write_tests
from pipeline.text.code_concepts import tree_concepts

TRAP_RATE = 0.55
BUG_RATE = 0.06
FIRST_FORM_RATE = 0.75
LANGUAGE = "Python"
DIFFICULTIES = {1: "easy", 2: "medium"}


@dataclass(frozen=True, slots=True)
class Task:
    """`code` is what a response shows (maybe buggy); `clean` the same without bugs."""

    chain: Chain
    name: str
    argument: str
    instruction: str
    concepts: tuple[str, ...]
    category: str
    difficulty: str
    explanation: str
    code: str
    clean: str
    seed: str
    tests: str

    @property
    def buggy(self) -> bool:
        return self.code != self.clean


def make_task(
    rng: random.Random,
    *,
    from_held_out: bool = False,
    noisy: bool = True,
    chain: Chain | None = None,
    tries: int = 400,
) -> Task:
    """Draw a task; `noisy` responses carry planted bugs at the corpus's rates.

    With `chain` given, that chain is used. Raises ValueError when no inputs can tell it from its
    bugs in `tries` attempts.
    """
    for _ in range(tries):
        picked = chain or draw_chain(rng)
        if chain is None and (not picked or held_out(picked) != from_held_out):
            continue
        task = _try_task(rng, picked, noisy)
        if task is not None:
            return task
    raise ValueError(f"no task could be made for chain {chain}")


def _try_task(rng: random.Random, chain: Chain, noisy: bool) -> Task | None:
    kind = chain[0].op.takes
    argument, given = rng.choice(list(phrasing.INPUTS[kind].items()))
    name = phrasing.function_name(rng, chain)
    writing = _writing(rng, chain, name, argument)
    variable = rng.choice([v for v in phrasing.TEST_NAMES[kind] if v != name])
    tests = write_tests(rng, chain, name, writing.forms, variable)
    if tests is None:
        return None
    wording = phrasing.word_chain(rng, chain)
    bugs = _draw_bugs(rng, chain) if noisy else {}
    clean = function(chain, writing, {})
    return Task(
        chain=chain,
        name=name,
        argument=argument,
        instruction=phrasing.instruction(rng, wording, name, argument, given),
        concepts=tuple(_concepts(rng, chain, clean)),
        category=phrasing.CATEGORIES[kind] if rng.random() < 0.5 else phrasing.GENERAL_CATEGORY,
        difficulty=DIFFICULTIES[len(chain)],
        explanation=phrasing.explanation(rng, wording),
        code=function(chain, writing, bugs),
        clean=clean,
        seed=function(chain, writing, {}, phrasing.docstring(rng, wording, argument, given)),
        tests=tests,
    )


def _writing(rng: random.Random, chain: Chain, name: str, argument: str) -> Writing:
    forms = tuple(0 if rng.random() < FIRST_FORM_RATE else rng.randrange(len(step.op.forms)) for step in chain)
    style: Style = rng.choice(("loop", "loop", "step", "nest"))
    if style == "nest" and not can_nest(chain, forms):
        style = "step"
    result = rng.choice([r for r in phrasing.RESULT_NAMES if r not in (name, argument)])
    return Writing(style, forms, name, argument, result)


def _draw_bugs(rng: random.Random, chain: Chain) -> dict[int, int]:
    bugs: dict[int, int] = {}
    for position, step in enumerate(chain):
        rate = TRAP_RATE if step.op.trap else BUG_RATE
        if step.op.bugs and rng.random() < rate:
            bugs[position] = 0 if step.op.trap else rng.randrange(len(step.op.bugs))
    return bugs


def _concepts(rng: random.Random, chain: Chain, code: str) -> list[str]:
    meaning = [concept for step in chain for concept in step.op.concepts]
    seen = tree_concepts(code)
    both = [*meaning, *seen] if rng.random() < 0.7 else seen
    return vocabulary.choose(rng, both)
