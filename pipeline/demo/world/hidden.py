"""Hidden tests of a chain, for evaluation: literal expected values on inputs a model never sees.

They judge a response independently of the model's own tests.
"""

from __future__ import annotations

import random

from pipeline.demo.world.chains import EMPTY, Chain, outcome, reference, run, usable_inputs

INPUTS = 40


def hidden_tests(rng: random.Random, chain: Chain, name: str) -> str:
    """Asserts `name(input) == value` on up to 40 inputs and, where it is defined, the empty one."""
    program = reference(chain)
    values = [value for value, _ in usable_inputs(rng, chain, INPUTS)]
    empty = EMPTY[chain[0].op.takes]
    if chain[0].op.takes != "text" and not outcome(program, empty).startswith("!"):
        values.append(empty)
    return "".join(f"assert {name}({v!r}) == {run(program, v)!r}\n" for v in values)
