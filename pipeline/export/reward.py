"""The reward of a completion: 1.0 when its code passes the row's tests in a sandbox of its own, else 0.0.

A policy that is trained on a reward finds ways to pass without being right, so a pass is falsified: code that passes
as well when its results are wrong, or when no check can pass, has no reward (sandbox/falsification.py).

Beside exported RL rows this file stands as `reward.py`. In TRL: `GRPOTrainer(reward_funcs=reward, ...)`; the
trainer passes the column `tests`. It needs this project installed, and bubblewrap; of the project it imports
the sandbox alone, so that a trainer's process does not load Luigi and the rest of the pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sandbox import Limits, Pool
from sandbox.falsification import Claim, run_and_falsify

_BLOCK = re.compile(r"^(`{3,})(?:python|py)[ \t]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
# The fences that models write besides: another name of the language or none, tildes, an indented fence.
_ANY_BLOCK = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*(?:python[\d.]*|py\d?)?[ \t]*\n(.*?)^[ \t]*\1[ \t]*$",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def reward(completions: Sequence[Any], tests: Sequence[str], **_: Any) -> list[float]:
    """One reward a completion; completions are texts, or lists of messages as trainers make them.

    Raises ValueError when there are more completions than tests or fewer, sandbox.SandboxUnavailable when
    this machine cannot run programs in a sandbox.
    """
    claims = (
        Claim(str(number), code_of(_text(completion)), test)
        for number, (completion, test) in enumerate(zip(completions, tests, strict=True))
    )
    with Pool(limits=Limits()) as pool:
        passed = {result.id: result.passed for result in run_and_falsify(pool, claims)}
    return [float(passed[str(number)]) for number in range(len(passed))]


def code_of(text: str) -> str:
    """The code of a completion: its fenced Python blocks, else blocks in other fences, else all of a text without one.

    A trainer's completions need not have the form that the dataset's responses have.
    """
    text = text.replace("\r\n", "\n")
    if blocks := code_blocks(text) or [match[2] for match in _ANY_BLOCK.finditer(text)]:
        return "\n".join(blocks)
    return "" if re.search(r"^[ \t]*(?:`{3}|~{3})", text, re.MULTILINE) else text


def code_blocks(text: str) -> list[str]:
    """The contents of all fenced Python blocks of a Markdown text, in order."""
    return [match.group(2) for match in _BLOCK.finditer(text)]


def _text(completion: Any) -> str:
    """A completion's text; empty for no message, and for a message without text."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    return content if isinstance(content, str) else ""
