"""Chains of one or two operations: drawing them, running them, and their inputs."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from pipeline.demo.world import lists, numbers, tables, texts, words
from pipeline.demo.world.operation import Kind, Operation, Param, fill
from pipeline.demo.world.vocabulary import PEOPLE, WORDS

OPERATIONS: tuple[Operation, ...] = (
    *lists.OPERATIONS,
    *texts.OPERATIONS,
    *words.OPERATIONS,
    *numbers.OPERATIONS,
    *tables.OPERATIONS,
)
BY_NAME: dict[str, Operation] = {o.name: o for o in OPERATIONS}
BY_KIND: dict[Kind, tuple[Operation, ...]] = {
    kind: tuple(o for o in OPERATIONS if o.takes == kind) for kind in ("ints", "text", "words", "int", "table")
}
KIND_WEIGHTS: dict[Kind, int] = {"ints": 34, "text": 23, "words": 20, "int": 13, "table": 10}
HELD_OUT_PERCENT = 12
TRAP_WEIGHT = 1.4
EMPTY: dict[Kind, Any] = {"ints": [], "text": "", "words": [], "int": 0, "table": {}}
MAX_RESULT_CHARS = 80


@dataclass(frozen=True, slots=True)
class Step:
    """An operation with its parameter chosen."""

    op: Operation
    param: Param

    def write(self, template: str, value: str) -> str:
        return fill(template, value, self.param)


Chain = tuple[Step, ...]
Program = tuple[tuple[str, Param], ...]  # whole-expression templates with their parameters


def combination(chain: Chain) -> str:
    """The names of the operations, e.g. `even>total`."""
    return ">".join(step.op.name for step in chain)


def held_out(chain: Chain) -> bool:
    """Whether this combination of two operations is kept out of the corpus for evaluation."""
    if len(chain) < 2:
        return False
    digest = hashlib.sha256(combination(chain).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < HELD_OUT_PERCENT


def draw_chain(rng: random.Random, kind: Kind | None = None) -> Chain:
    """One operation (40 %) or two that fit together."""
    kinds = list(KIND_WEIGHTS)
    kind = kind or rng.choices(kinds, [KIND_WEIGHTS[k] for k in kinds])[0]
    length = 1 if rng.random() < 0.4 else 2
    steps: list[Step] = []
    for position in range(length):
        choices = [
            o for o in BY_KIND.get(kind, ()) if not (position and o.first_only) and all(o is not s.op for s in steps)
        ]
        if position < length - 1:
            choices = [o for o in choices if o.gives in BY_KIND and (o.gives == kind or rng.random() < 0.6)]
        if not choices and position:
            break
        choices = choices or list(BY_KIND[kind])
        op = rng.choices(choices, [TRAP_WEIGHT if o.trap else 1.0 for o in choices])[0]
        steps.append(Step(op, rng.choice(op.params)))
        kind = op.gives
    return tuple(steps)


def related_chain(rng: random.Random, chain: Chain) -> Chain:
    """Another chain on the same kind of value, usually with an operation in common."""
    names = {step.op.name for step in chain}
    for _ in range(20):
        candidate = draw_chain(rng, chain[0].op.takes)
        if not held_out(candidate) and any(s.op.name in names for s in candidate):
            return candidate
    return chain


def extended_chain(rng: random.Random, step: Step) -> Chain:
    """The step and a second one that fits, as a combination that is not held out."""
    choices = [o for o in BY_KIND.get(step.op.gives, ()) if o is not step.op and not o.first_only]
    rng.shuffle(choices)
    for op in choices:
        chain = (step, Step(op, rng.choice(op.params)))
        if not held_out(chain):
            return chain
    return (step,)


@lru_cache(maxsize=8192)
def _compiled(template: str, param: Param) -> Callable[[Any], Any]:
    # The templates are our own tables; nothing a model wrote is ever evaluated here.
    function: Callable[[Any], Any] = eval("lambda v: " + fill(template, "v", param))
    return function


def run(program: Program, value: Any) -> Any:
    """The value after all templates of a program."""
    for template, param in program:
        value = _compiled(template, param)(value)
    return value


def outcome(program: Program, value: Any) -> str:
    """The result's repr, or `!Name` of the exception it ends in."""
    try:
        return repr(run(program, value))
    except Exception as error:
        return f"!{type(error).__name__}"


def exposes(program: Program, value: Any, expected: Any) -> bool:
    """Whether `assert f(value) == expected` fails for a function that computes the program."""
    try:
        return bool(run(program, value) != expected)
    except Exception:
        return True


def reference(chain: Chain) -> Program:
    """The chain as the first form of each operation."""
    return tuple((step.op.forms[0], step.param) for step in chain)


def equivalent_programs(chain: Chain) -> list[Program]:
    """The chain in every combination of its operations' forms."""
    return [
        tuple((template, step.param) for template, step in zip(picked, chain, strict=True))
        for picked in product(*(step.op.forms for step in chain))
    ]


def wrong_programs(chain: Chain) -> list[Program]:
    """Every way to get the chain wrong with the known bugs, one or several at once."""
    options = [(step.op.forms[0], *step.op.bugs) for step in chain]
    return [
        tuple((template, step.param) for template, step in zip(picked, chain, strict=True))
        for picked in product(*options)
        if any(t != o[0] for t, o in zip(picked, options, strict=True))
    ]


def draw_input(rng: random.Random, chain: Chain) -> Any:
    """An input of the chain's kind that is likely to contain the operations' parameters."""
    kind = chain[0].op.takes
    numbers_named = [s.param for s in chain if isinstance(s.param, int)]
    if kind == "ints":
        low = -5 if any(s.op.signed for s in chain) else 0
        values = [rng.randint(low, 12) for _ in range(rng.choice((3, 3, 4, 4, 5)))]
        if numbers_named and rng.random() < 0.6:
            values[rng.randrange(len(values))] = rng.choice(numbers_named)
        if low < 0 and rng.random() < 0.5:
            values[rng.randrange(len(values))] = 0
        if rng.random() < 0.25:
            values[-1] = values[0]
        return values
    if kind == "words":
        items = [rng.choice(WORDS) for _ in range(rng.choice((2, 3, 3, 4)))]
        if rng.random() < 0.3:
            items[-1] = items[0]
        return items
    if kind == "text":
        return " ".join(rng.choice(WORDS) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    if kind == "int":
        if numbers_named and rng.random() < 0.3:
            return rng.choice(numbers_named)
        return rng.choice((*range(0, 21), 12, 25, 30, 42, 99, 100, 123))
    return _draw_table(rng, chain)


def _draw_table(rng: random.Random, chain: Chain) -> dict[str, int]:
    table = {n: rng.randint(1, 12) for n in rng.sample(PEOPLE, rng.choice((2, 2, 3)))}
    for step in chain:
        if isinstance(step.param, int) and rng.random() < 0.6:
            table[rng.choice(list(table))] = step.param
        if step.param in PEOPLE and rng.random() < 0.6:
            table[str(step.param)] = rng.randint(1, 12)
    return table


def usable_inputs(rng: random.Random, chain: Chain, count: int) -> list[tuple[Any, str]]:
    """Different inputs out of `count` draws on which all forms of the chain agree, with the result.

    That keeps out what an operation is not made for, e.g. the digits of a negative number.
    """
    program, others = reference(chain), equivalent_programs(chain)
    samples: list[tuple[Any, str]] = []
    for _ in range(count):
        value = draw_input(rng, chain)
        result = outcome(program, value)
        if result.startswith("!") or len(result) > MAX_RESULT_CHARS:
            continue
        if any(outcome(other, value) != result for other in others):
            continue
        if all(value != other for other, _ in samples):
            samples.append((value, result))
    return samples
