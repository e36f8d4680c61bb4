"""The thoughts that chat models write before their answers: in a field of their own, or as <think>...</think>."""

from __future__ import annotations

import re

_THOUGHTS = re.compile(r"\s*<think>.*?(?:</think>|\Z)\s*", re.DOTALL)


def joined(thoughts: str, answer: str) -> str:
    """One text of both, the thoughts marked; blanks before the answer are no part of it."""
    answer = answer.lstrip()
    return f"<think>\n{thoughts.strip()}\n</think>\n\n{answer}" if thoughts.strip() else answer


def split(text: str) -> tuple[str, str]:
    """The thoughts at the beginning of a text, with their marks, and what follows; thoughts without an end are all."""
    match = _THOUGHTS.match(text)
    # A template that opens the thoughts itself leaves only their end in the text.
    if match is None and "</think>" in text:
        match = re.match(r".*?</think>\s*", text, re.DOTALL)
    return (text[: match.end()], text[match.end() :]) if match else ("", text)
