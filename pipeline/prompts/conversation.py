"""A prompt document as a conversation: the introduction for the system, each example as a question and its answer.

In: a context and a tail of render.py. The heading at the end of the tail is where the model has to go on, and so where
the answer of each example begins.
"""

from __future__ import annotations

import re

from pipeline.engine import Turn

_EXAMPLE = re.compile(r"^## Example \d+\n", re.MULTILINE)
INSTRUCTION = (
    "Answer with the text that belongs under the heading {heading}, in exactly the form of the answers before."
)


def turns(context: str, tail: str) -> tuple[Turn, ...]:
    """The conversation of a prompt, ending with the question that the model has to answer."""
    intro, *examples = _EXAMPLE.split(context)
    heading = tail.rstrip("\n").rsplit("\n", 1)[-1]
    system = f"{intro.strip()}\n\n{INSTRUCTION.format(heading=heading)}"
    conversation = [Turn("system", system)]
    for example in examples:
        question, found, answer = example.partition(f"{heading}\n")
        if found:
            conversation += [Turn("user", question + heading), Turn("assistant", answer.strip())]
    return (*conversation, Turn("user", tail.rstrip("\n")))
