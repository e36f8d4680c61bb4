"""Tests that state the expected value as an independent expression over a bound variable.

    data = [3, 1, 2]
    assert keep_above(data) == [x for x in data if not x <= 1]

The expression is another form than the response's. The inputs are chosen so that each known bug
of the chain, alone or together, fails at least one assert. The tests of the corpus are never wrong.
"""

from __future__ import annotations

import ast
import random
from typing import Any

from pipeline.demo.world.chains import (
    EMPTY,
    Chain,
    Program,
    exposes,
    outcome,
    reference,
    run,
    usable_inputs,
    wrong_programs,
)
from pipeline.demo.world.phrasing import STEP_NAME

EASY_RESULTS = ("[]", "0", "''", "{}", "False", "True")
POOL = 24


def choose_inputs(rng: random.Random, chain: Chain) -> list[Any] | None:
    """Two or three inputs that expose every known bug; None if the pool holds no such set."""
    wrong = wrong_programs(chain)
    pool = [
        (value, result, _exposed(wrong, value, run(reference(chain), value)))
        for value, result in usable_inputs(rng, chain, POOL)
    ]
    count, unexposed = rng.choice((2, 2, 3)), set(range(len(wrong)))
    chosen: list[Any] = []
    results: set[str] = set()
    while len(chosen) < count and pool:
        best = max(pool, key=lambda p: _worth(p, unexposed, results) + rng.random())
        pool.remove(best)
        chosen.append(best[0])
        results.add(best[1])
        unexposed -= best[2]
    return chosen if len(chosen) >= 2 and not unexposed else None


def _exposed(wrong: list[Program], value: Any, expected: Any) -> set[int]:
    return {i for i, program in enumerate(wrong) if exposes(program, value, expected)}


def _worth(candidate: tuple[Any, str, set[int]], unexposed: set[int], results: set[str]) -> float:
    _, result, exposes = candidate
    return 10 * len(exposes & unexposed) + (result not in EASY_RESULTS) + (result not in results)


def write_tests(rng: random.Random, chain: Chain, name: str, forms: tuple[int, ...], variable: str) -> str | None:
    """The asserts for function `name`; None when no inputs expose all bugs."""
    inputs = choose_inputs(rng, chain)
    if inputs is None:
        return None
    other = _other_forms(rng, chain, forms)
    lines: list[str] = []
    for value in inputs:
        lines.append(f"{variable} = {value!r}")
        expression, source = "", variable
        for i, step in enumerate(chain):
            expression = step.write(step.op.forms[other[i]], source)
            if i < len(chain) - 1:
                lines.append(f"{STEP_NAME} = {expression}")
                source = STEP_NAME
        lines.append(f"assert {name}({variable}) == {right_side(expression)}")
    property_line = _property(rng, chain, name, variable, other)
    if property_line:
        lines.append(property_line)
    empty = EMPTY[chain[0].op.takes]
    result = outcome(reference(chain), empty)
    if rng.random() < 0.25 and result in EASY_RESULTS:
        lines.append(f"assert {name}({empty!r}) == {result}")
    return "\n".join(lines) + "\n"


def right_side(expression: str) -> str:
    """The expression as it may stand right of `==`."""
    node = ast.parse(expression, mode="eval").body
    if isinstance(node, ast.Compare | ast.BoolOp | ast.IfExp | ast.UnaryOp):
        return f"({expression})"
    return expression


def _other_forms(rng: random.Random, chain: Chain, forms: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(
        rng.choice([i for i in range(len(step.op.forms)) if i != used]) for step, used in zip(chain, forms, strict=True)
    )


def _property(rng: random.Random, chain: Chain, name: str, variable: str, other: tuple[int, ...]) -> str | None:
    """Now and then one more assert: a property of the result on the last input."""
    last = chain[-1]
    if rng.random() > 0.25:
        return None
    if last.op.shape == "filter":
        condition = last.write(last.op.inner_forms[other[-1]], "")
        return f"assert all({condition} for {last.op.item} in {name}({variable}))"
    if last.op.shape == "map" and len(chain) == 1:
        return f"assert len({name}({variable})) == len({variable})"
    return None
