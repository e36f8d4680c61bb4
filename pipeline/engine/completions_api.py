"""Converts between this package's records and the OpenAI-compatible completions API.

Contains the differences between servers (llama-server, llama-cpp-python, vLLM, SGLang). Pure
functions of requests, replies and errors of the openai client, which is not imported here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pipeline.engine.protocol import Completion, Reason, Request
from pipeline.engine.repetition import is_repeating

# Some servers read seeds as signed 32-bit numbers, and the largest unsigned one as "random".
_SEEDS = 2**31 - 1
_TOO_LONG = ("context length", "context size", "context window", "exceed_context", "too long")
# Requested log-probabilities of the likeliest tokens: vLLM's default limit.
_TOP_LOGPROBS = 20


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as the server lists it; `window` is 0 if the server does not state it."""

    id: str
    owner: str
    window: int
    traits: tuple[tuple[str, str], ...]

    @property
    def parameters(self) -> int:
        """The number of the model's weights; 0 if the server does not state it."""
        stated = dict(self.traits).get("n_params", "")
        return int(stated) if stated.isdecimal() else 0

    def describe(self) -> str:
        """Identification of the model, in one line."""
        traits = "".join(f", {key} {value}" for key, value in self.traits)
        return f"{self.id} ({self.owner}{traits})"


def served(model: Any) -> ServedModel:
    """Convert an entry of the server's list of models."""
    extra = getattr(model, "model_extra", None) or {}
    meta = extra.get("meta") or {}  # llama-server's; the others are vLLM's and SGLang's
    traits = {"root": extra.get("root")}
    traits |= {key: meta.get(key) for key in ("n_params", "size", "ftype")}
    stated = tuple((key, str(value)) for key, value in traits.items() if value)
    window = extra.get("max_model_len") or meta.get("n_ctx") or 0
    return ServedModel(model.id, str(model.owned_by), int(window), stated)


def arguments(request: Request, model: ServedModel) -> dict[str, Any]:
    """Arguments of `completions.create` for a request."""
    sampling = request.sampling
    # No top-k is -1 for vLLM and SGLang, and 0 for llama-cpp-python's server, whose models are
    # owned by "me". Every value is sent, because the servers' defaults differ.
    top_k = sampling.top_k or (0 if model.owner == "me" else -1)
    return {
        "model": model.id,
        "prompt": request.context + request.tail,
        "max_tokens": request.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": request.seed % _SEEDS,
        "stop": list(request.stops) or None,
        "logprobs": _TOP_LOGPROBS if request.options else None,
        "extra_body": {"top_k": top_k, "min_p": sampling.min_p},
    }


def completion(request: Request, reply: Any) -> Completion:
    """Convert the server's reply to a request."""
    if not reply.choices:
        return Completion(request.id, "", "error", "the server answered without a completion")
    choice, usage = reply.choices[0], reply.usage
    if request.options:
        return _scored(request, choice)
    prompt = usage.prompt_tokens if usage else 0
    new = usage.completion_tokens if usage else 0
    details = usage.prompt_tokens_details if usage else None
    cached = (details.cached_tokens or 0) if details else 0
    end, detail = choice.finish_reason, ""
    if end == "length" and is_repeating((choice.text or "").encode(errors="replace")):
        end = "repetition"
    if end == "length" and usage and new < request.max_tokens:
        end = "window"
        detail = f"the server stopped after {new} tokens: its window is full"
    elif end not in ("stop", "length", "repetition"):
        end, detail = "error", f"the server ended with reason {end}"
    return Completion(
        id=request.id,
        text=choice.text if end in ("stop", "length", "repetition") else "",
        reason=end,
        detail=detail,
        prompt_tokens=prompt,
        computed_prompt_tokens=prompt - cached,
        new_tokens=new,
    )


def refused(request: Request, error: Any) -> Completion:
    """The completion of a request that the server refuses: reason "window" or "error"."""
    text = error_text(error)
    too_long = any(mark in text.lower() for mark in _TOO_LONG)
    kind: Reason = "window" if too_long else "error"
    return Completion(request.id, "", kind, f"HTTP {error.status_code}: {text}")


def _scored(request: Request, choice: Any) -> Completion:
    top = _top_logprobs(choice.logprobs)
    if not top:
        detail = "the server gave no log-probabilities: it ended the text, or does not give any"
        return Completion(request.id, "", "error", detail)
    logprobs = tuple(top.get(option, -math.inf) for option in request.options)
    return Completion(request.id, "", "stop", logprobs=logprobs)


def _top_logprobs(logprobs: Any) -> dict[str, float]:
    """Log-probabilities of the first token's likeliest candidates, by their text."""
    content = (getattr(logprobs, "model_extra", None) or {}).get("content")
    if content:  # llama-server uses the form of chat completions
        return {entry["token"]: entry["logprob"] for entry in content[0]["top_logprobs"]}
    return logprobs.top_logprobs[0] if logprobs and logprobs.top_logprobs else {}


def error_text(error: Exception) -> str:
    """Message of an error of the client, in one line."""
    body = getattr(error, "body", None)
    text = body.get("message") if isinstance(body, dict) else None
    cause = error.__cause__ if error.__cause__ is not None else None
    parts = [str(text or error)] + ([str(cause)] if cause is not None and not text else [])
    return " ".join(": ".join(parts).split())[:300]
