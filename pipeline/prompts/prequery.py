"""What an aligned model reads before a user's message: continued, it writes a message of its own (Magpie).

Magpie: arXiv 2406.08464. In: a chat template, a system message, the texts of the tokens that begin and end a text. Out:
the prompt up to the place of the user's message, and where such a message ends. The place is found by rendering the
template, not known by the name of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.prompts.chat import render

_PLACE = "\0"  # stands for the user's message; no template writes it
_REMEDY = "take an instruct model whose chat template takes a system message, or another [instructions] source"


@dataclass(frozen=True, slots=True)
class PreQuery:
    """The prompt, and the texts at which a message ends: that of its line, and what the template writes behind it."""

    prompt: str
    stops: tuple[str, ...]


def system_message(concepts: Sequence[str]) -> str:
    """What the model is told, so that the message is a task for the concepts."""
    return (
        "You are an assistant for Python programmers. The user asks you, in one sentence, to write a self-contained "
        f"Python function for a task on {', '.join(concepts)}."
    )


def pre_query(template: str, system: str, bos: str, eos: str) -> PreQuery:
    """The pre-query template with a system message.

    Raises ConfigError for a template that is not there, refuses the roles, or leaves the system message out.
    """
    if not template:
        raise ConfigError("[instructions] source = magpie: the model has no chat template", _REMEDY)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": _PLACE}]
    before, *behind = render(template, messages, bos, eos, _REMEDY).split(_PLACE)
    if len(behind) != 1 or system not in before:
        raise ConfigError(
            "[instructions] source = magpie: the chat template has no place for a system message", _REMEDY
        )
    end = next((line.strip() for line in behind[0].split("\n") if line.strip()), "")
    return PreQuery(before, ("\n", end) if end else ("\n",))
