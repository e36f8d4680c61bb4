"""Checks what completions servers answer where it enters: any JSON value becomes an `Answer`, or BadAnswer.

Contains the dialects of the servers (llama-server, llama-cpp-python, vLLM, SGLang, hosted ones). Whatever a server
sends, an `Answer` has text that can be stored, an end that is one of three, and counts that are not negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

End = Literal["stop", "length", "refused"]

_ENDS: Mapping[str, End] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_token", "stop_sequence", "end_turn", "complete"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_length", "max_new_tokens", "limit"), "length"),
    **dict.fromkeys(("content_filter", "safety", "refusal", "recitation"), "refused"),
}
# The end of a text that was not finished.
_FAULTS = ("abort", "aborted", "cancel", "cancelled", "canceled", "error", "failed", "timeout")
_MOST_CHARACTERS = 4_000_000
# How tokenizers write the space and the newline before a word.
_MARKS = str.maketrans({"\u2581": " ", "\u0120": " ", "\u010a": "\n"})


class BadAnswer(Exception):
    """An answer that is none: a fault of the server, not of the request."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of tokens: of the prompt, those of it that were computed before, and the new ones."""

    prompt: int
    cached: int
    new: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `end` is None where it states no reason; `top` has the first token's candidates."""

    text: str
    reasoning: str
    end: End | None
    usage: Usage | None
    top: Mapping[str, float]


def read(document: object) -> Answer:
    """Check the answer to a request for a completion, or for a chat completion."""
    answer = _mapping(document, "the answer")
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise BadAnswer(f"the answer has no completion{_stated_error(answer)}")
    choice = _mapping(choices[0], "the completion")
    message = choice.get("message")
    reasoning = ""
    if message is None:
        text = _text(choice.get("text"))
    else:
        message = _mapping(message, "the message")
        reasoning = _text(message.get("reasoning_content") or message.get("reasoning") or "")
        text = _text(message.get("content") if message.get("content") is not None else "")
    return Answer(text, reasoning, _end(choice), _usage(answer.get("usage")), _top(choice.get("logprobs")))


def models(document: object) -> list[dict[str, Any]]:
    """Check the list of models: each has a name as `id`."""
    data = document.get("data") if isinstance(document, dict) else document
    if not isinstance(data, list):
        raise BadAnswer("it lists no models")
    return [item for item in data if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"]]


def _mapping(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} is no JSON object but {str(value)[:80]!r}")
    return value


def _stated_error(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    text = error.get("message") if isinstance(error, dict) else error
    return f": {' '.join(str(text).split())[:200]}" if text else ""


def _text(value: object) -> str:
    """Text that can be stored: half of a surrogate pair, which a cut token leaves, becomes U+FFFD."""
    if not isinstance(value, str):
        raise BadAnswer(f"the text of the completion is {'null' if value is None else type(value).__name__}")
    if len(value) > _MOST_CHARACTERS:
        raise BadAnswer(f"the completion has {len(value)} characters")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _end(choice: Mapping[str, Any]) -> End | None:
    stated = choice.get("finish_reason")
    word = str(stated).lower().rsplit(".", 1)[-1] if isinstance(stated, str) else ""
    if word in _FAULTS:
        raise BadAnswer(f"the server ended with reason {word}")
    return _ENDS.get(word)


def _usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    prompt, new = _count(value.get("prompt_tokens")), _count(value.get("completion_tokens"))
    if prompt is None or new is None:
        return None
    details = value.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    return Usage(prompt, min(cached or 0, prompt), new)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else None


def _top(logprobs: object) -> dict[str, float]:
    """Log-probabilities of the first token's likeliest candidates by their text; empty where none are stated."""
    if not isinstance(logprobs, dict):
        return {}
    first: object = None
    content, listed = logprobs.get("content"), logprobs.get("top_logprobs")
    if isinstance(content, list) and content and isinstance(content[0], dict):
        first = content[0].get("top_logprobs")  # the form of chat completions, which llama-server always uses
    elif isinstance(listed, list) and listed:
        first = listed[0]
    pairs: list[tuple[object, object]] = []
    if isinstance(first, dict):
        pairs = list(first.items())
    elif isinstance(first, list):
        pairs = [(item.get("token"), item.get("logprob")) for item in first if isinstance(item, dict)]
    found: dict[str, float] = {}
    for token, value in pairs:
        # Names of tokens instead of their texts can match nothing.
        if isinstance(token, str) and isinstance(value, (int, float)) and not token.startswith("token_id:"):
            text = token.translate(_MARKS)
            found[text] = max(float(value), found.get(text, float("-inf")))
    return {text: value for text, value in found.items() if value <= 0.01}  # else no probability; NaN neither
