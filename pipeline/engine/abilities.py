"""What a completions server can do: found by one short request before any work, never record by record.

Servers refuse different parameters. The first request has all of them; where it is refused, one has none of them, and
one more each has a single one. A server that refuses the request without any cannot be used at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pipeline.engine import answers
from pipeline.engine.answers import Answer, BadAnswer
from pipeline.engine.protocol import EngineError

PROMPT = "def add(a, b):\n    return"
# Requested log-probabilities of the likeliest tokens: vLLM's default limit.
TOP_LOGPROBS = 20

OPTIONAL: dict[str, Any] = {"top_k": 1, "min_p": 0.0, "seed": 1, "logprobs": TOP_LOGPROBS}


class Refused(Exception):
    """The server answered that it does not take a request."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server takes (`top_k`, `min_p`, `seed`, `logprobs`) and what its answers state.

    `candidates`: how many of a token's candidates it gives the log-probabilities of.
    """

    takes: frozenset[str] = frozenset(OPTIONAL)
    candidates: int = TOP_LOGPROBS
    states_usage: bool = True

    @property
    def cannot_score(self) -> str:
        """Why it cannot compare the probabilities of two answers; empty if it can."""
        if "logprobs" not in self.takes or not self.candidates:
            return "gives no log-probabilities"
        if self.candidates < TOP_LOGPROBS:
            return f"gives the log-probabilities of {self.candidates} tokens, and {TOP_LOGPROBS} are needed"
        return ""


async def find(send: Callable[[dict[str, Any]], Awaitable[object]], chat: bool) -> Abilities:
    """What the server can do to which `send` sends a request and returns its answer.

    `send` raises Refused where the server refuses a request. Raises EngineError for a server that cannot be used.
    """
    optional = {name: value for name, value in OPTIONAL.items() if not (chat and name == "logprobs")}

    async def answer(extra: dict[str, Any]) -> Answer:
        return answers.read(await send(extra))

    try:
        try:
            first, takes = await answer(optional), frozenset(optional)
        except (Refused, BadAnswer):
            first = await answer({})
            takes = frozenset([name for name, value in optional.items() if await _taken(answer, {name: value})])
            if "logprobs" in takes:
                first = await answer({"logprobs": OPTIONAL["logprobs"]})
    except Refused as error:
        raise EngineError(f"it refuses a completion of one token ({error})") from None
    except BadAnswer as error:
        raise EngineError(f"its answers cannot be used: {error}") from None
    if not chat and first.text.startswith(PROMPT):
        raise EngineError("it repeats the prompt in its completions")
    if first.end is None and first.usage is None:
        raise EngineError("its answers state neither finish_reason nor usage: a cut text would look finished")
    return Abilities(takes, len(first.top), first.usage is not None and first.usage.prompt > 0)


async def _taken(answer: Callable[[dict[str, Any]], Awaitable[Answer]], extra: dict[str, Any]) -> bool:
    try:
        await answer(extra)
    except (Refused, BadAnswer):
        return False
    return True
