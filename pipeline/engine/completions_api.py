"""Converts between this package's records and the OpenAI-compatible APIs: /completions and /chat/completions.

Pure functions of requests and of checked answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from pipeline.engine import reasoning
from pipeline.engine.abilities import TOP_LOGPROBS
from pipeline.engine.answers import Answer, BadAnswer
from pipeline.engine.protocol import Completion, Reason, Request
from pipeline.engine.repetition import is_repeating

# Some servers read seeds as signed 32-bit numbers, and the largest unsigned one as "random".
_SEEDS = 2**31 - 1
_TOO_LONG = ("context length", "context size", "context window", "exceed_context", "too long", "context_length")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as the server lists it; `window` is 0 and `owner` empty if the server does not state it."""

    id: str
    owner: str = ""
    window: int = 0
    traits: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> int:
        """The number of the model's weights; 0 if the server does not state it."""
        stated = dict(self.traits).get("n_params", "")
        return int(stated) if stated.isdecimal() else 0

    def describe(self) -> str:
        """Identification of the model, in one line."""
        traits = "".join(f", {key} {value}" for key, value in self.traits)
        return f"{self.id} ({self.owner}{traits})" if self.owner or traits else self.id


def served(model: Mapping[str, Any]) -> ServedModel:
    """Convert an entry of the server's list of models."""
    meta = model.get("meta")  # llama-server's; the others are vLLM's and SGLang's
    meta = meta if isinstance(meta, dict) else {}
    traits = {"root": model.get("root")}
    traits |= {key: meta.get(key) for key in ("n_params", "size", "ftype")}
    stated = tuple((key, str(value)) for key, value in traits.items() if value)
    windows = (model.get("max_model_len"), meta.get("n_ctx"))
    window = next((value for value in windows if isinstance(value, int) and value > 0), 0)
    return ServedModel(str(model["id"]), str(model.get("owned_by")), window, stated)


def arguments(request: Request, model: ServedModel, takes: Set[str]) -> dict[str, Any]:
    """The body of a request, of the optional parameters those that the server `takes`."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model.id,
        "max_tokens": request.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }
    if request.turns:
        body["messages"] = [{"role": turn.role, "content": turn.text} for turn in request.turns]
    else:
        body["prompt"] = request.context + request.tail
        # A chat model thinks before it answers, and a stop would end its thoughts: there the answer alone is cut.
        body |= {"stop": list(request.stops)} if request.stops else {}
    # No top-k is -1 for vLLM and SGLang, and 0 for llama-cpp-python's server, whose models are
    # owned by "me". Every value is sent, because the servers' defaults differ.
    top_k = sampling.top_k or (0 if model.owner == "me" else -1)
    optional = {"top_k": top_k, "min_p": sampling.min_p, "seed": request.seed % _SEEDS}
    if request.options:
        optional["logprobs"] = TOP_LOGPROBS
    return body | {name: value for name, value in optional.items() if name in takes}


def completion(request: Request, answer: Answer) -> Completion:
    """Convert a checked answer to a request. Raises BadAnswer for one that does not answer it."""
    if request.options:
        return _scored(request, answer)
    usage = answer.usage
    thoughts, text = "", answer.text
    if request.turns:
        thoughts, text = reasoning.split(reasoning.joined(answer.reasoning, text))
    # Some servers leave the stop and what follows it in the text.
    stops = [place for stop in request.stops if (place := text.find(stop)) >= 0]
    new = usage.new if usage else 0
    end, detail = _end(request, answer), ""
    if stops and end != "error":
        end = "stop"
    elif end == "error":
        detail = "the server's filter refused the completion"
    elif end == "length" and is_repeating(text.encode(errors="replace")):
        end = "repetition"
    elif end == "length" and request.early_end and request.early_end(text, 0.0) == "stop":
        end = "stop"  # its tokens are spent, and what mattered is there
    elif end == "length" and 0 < new < request.max_tokens:
        end, detail = "window", f"the server stopped after {new} tokens: its window is full"
    return Completion(
        id=request.id,
        text=thoughts + text[: min(stops, default=None)] if end in ("stop", "length", "repetition") else "",
        reason=end,
        detail=detail,
        prompt_tokens=usage.prompt if usage else 0,
        computed_prompt_tokens=usage.prompt - usage.cached if usage else 0,
        new_tokens=new,
    )


def _end(request: Request, answer: Answer) -> Reason:
    if answer.end == "refused":
        return "error"
    if answer.end is not None:
        return answer.end
    if answer.usage is None:
        raise BadAnswer("the answer states neither finish_reason nor usage")
    return "length" if answer.usage.new >= request.max_tokens else "stop"


def is_too_long(text: str) -> bool:
    """Whether a server's message states that a prompt does not fit."""
    return any(mark in text.lower() for mark in _TOO_LONG)


def _scored(request: Request, answer: Answer) -> Completion:
    if not answer.top:
        raise BadAnswer("the answer has no log-probabilities")
    logprobs = tuple(answer.top.get(option, -math.inf) for option in request.options)
    return Completion(request.id, "", "stop", logprobs=logprobs)
