"""Training documents: few-shot documents of the three generating stages, full of tasks.

They are written with the functions that render the pipeline's prompts, so the model is trained on the
documents that it will have to continue. Input: a random generator. Output: text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import cache

from pipeline.demo import EXEMPLARS
from pipeline.demo.world import Chain, Task, draw_chain, make_task
from pipeline.demo.world.chains import extended_chain, related_chain
from pipeline.demo.world.snippets import make_snippet
from pipeline.demo.world.task import LANGUAGE
from pipeline.prompts import render
from pipeline.text.code_concepts import CALLS, METHODS, NODES
from pipeline.text.markdown import fence

MIX = {"concepts": 14, "instructions": 12, "responses": 66, "inspired": 3, "evolved": 2, "raw": 3}
"""Documents of each kind in a hundred."""
EXAMPLES = {
    "concepts": (2, 3, 4),
    "instructions": (3, 4, 5),
    "responses": (2, 3, 3),
    "inspired": (2, 3),
    "evolved": (3, 4),
}
REALISTIC_RATE = 0.55
DISTRACTOR_RATE = 0.35
UNRELATED_RATE = 0.1


@cache
def intro(form: str) -> str:
    """The introduction that the demo's exemplar set gives the contexts of a form."""
    meta = json.loads((EXEMPLARS / "set.json").read_text(encoding="utf-8"))
    return str(meta["intro"][form])


def concepts_example(rng: random.Random) -> str:
    """A snippet, realistic or of the micro-world, with its concepts."""
    if rng.random() < REALISTIC_RATE:
        snippet = make_snippet(rng)
        code, concepts = snippet.code, snippet.concepts
    else:
        task = make_task(rng, noisy=False)
        code, concepts = task.seed, task.concepts
    return f"{render.concepts_tail(code)}{', '.join(concepts)}\n"


def instructions_example(rng: random.Random) -> str:
    """Properties and the instruction that they led to."""
    task = make_task(rng, noisy=False)
    concepts = _blurred(rng, task.concepts)
    tail = render.instructions_tail(task.category, LANGUAGE, task.difficulty, concepts)
    return f"{tail}{task.instruction}\n"


def responses_example(rng: random.Random) -> str:
    """An instruction, a response that may carry planted bugs, and right tests."""
    task = make_task(rng)
    return f"{render.responses_tail(task.instruction)}{response_text(task)}\n\n### Tests\n{fence(task.tests)}\n"


def inspired_example(rng: random.Random) -> str:
    """A snippet and an instruction straight from it, without concepts in between."""
    task = make_task(rng, noisy=False)
    code = make_snippet(rng).code if rng.random() < REALISTIC_RATE else task.seed
    inspired = _task_for(rng, lambda: related_chain(rng, task.chain))
    return f"{render.inspired_tail(code)}{inspired.instruction}\n"


def evolved_example(rng: random.Random) -> str:
    """An instruction and a harder one: another operation after its own."""
    step = draw_chain(rng)[0]
    plain = _task_for(rng, lambda: (step,))
    harder = _task_for(rng, lambda: extended_chain(rng, step))
    return f"{render.evolved_tail(plain.instruction)}{harder.instruction}\n"


def _task_for(rng: random.Random, draw: Callable[[], Chain]) -> Task:
    """A task of a drawn chain; a chain that no input distinguishes from its bugs is drawn again."""
    while True:
        try:
            return make_task(rng, noisy=False, chain=draw(), tries=20)
        except ValueError:
            continue


def response_text(task: Task) -> str:
    return f"{task.explanation}\n\n{fence(task.code)}"


WRITERS = {
    "concepts": concepts_example,
    "instructions": instructions_example,
    "responses": responses_example,
    "inspired": inspired_example,
    "evolved": evolved_example,
}


def draw_document(rng: random.Random) -> str:
    """One training document of a kind drawn from the mix."""
    kind = rng.choices(list(MIX), list(MIX.values()))[0]
    if kind == "raw":
        tasks = [make_task(rng, noisy=False) for _ in range(3)]
        return "\n\n".join(f"{task.clean}\n{task.tests}" for task in tasks)
    examples = [WRITERS[kind](rng) for _ in range(rng.choice(EXAMPLES[kind]))]
    text = render.document(intro(kind), examples)
    # The prompt ends with the header of an example that is not there: a document does without.
    return text[: text.rindex("\n## Example ")]


def _blurred(rng: random.Random, concepts: tuple[str, ...]) -> list[str]:
    """Concepts as they come from real seeds: some have nothing to do with the task."""
    everything = sorted({*METHODS.values(), *CALLS.values(), *NODES.values()})
    draw = rng.random()
    if draw < UNRELATED_RATE:
        return rng.sample(everything, rng.choice((2, 3, 4)))
    names = list(concepts)
    if draw < UNRELATED_RATE + DISTRACTOR_RATE:
        other = rng.choice(everything)
        if other not in names:
            names[rng.randrange(len(names))] = other
    return names
