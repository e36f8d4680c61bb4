"""The reward of a completion: 1.0 when its code passes the row's tests in a sandbox of its own, else 0.0.

Beside exported RL rows this file stands as `reward.py`. In TRL: `GRPOTrainer(reward_funcs=reward, ...)`; the
trainer passes the columns `tests`, `packages`, `timeout_s` and `memory_mb`, so that a completion runs as the rows'
own responses did; the packages have to be installed beside the trainer. It needs this project installed, and
bubblewrap; of the project it imports the sandbox alone, so that a trainer's process does not load Luigi and the rest
of the pipeline.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from sandbox import Limits, Pool, Program

_BLOCK = re.compile(r"^(`{3,})(?:python|py)[ \t]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`\n]*)")
# What models write behind a fence: the language by any name, in braces, with attributes; or nothing.
_PYTHON = re.compile(r"\{?\.?i?py(?:thon)?[\d.]*\}?(?:[\s,{].*)?", re.IGNORECASE)
CPU_SHARE = 0.8  # CPU seconds of a program for each second of its wall limit


def reward(
    completions: Sequence[Any],
    tests: Sequence[str],
    packages: Sequence[Sequence[str]] | None = None,
    timeout_s: Sequence[float] | None = None,
    memory_mb: Sequence[int] | None = None,
    **_: Any,
) -> list[float]:
    """One reward a completion; completions are texts, or lists of messages as trainers make them.

    The other arguments are columns of the rows, a value each completion; without them a program has the sandbox's own
    limits and no packages. Raises ValueError when a column has more or fewer values than there are completions,
    sandbox.SandboxUnavailable when this machine cannot run programs in a sandbox, or lacks a package.
    """
    without: list[Any] = [None] * len(completions)
    under = zip(packages or without, timeout_s or without, memory_mb or without, strict=True)
    groups: dict[tuple[Any, ...], list[Program]] = {}
    for number, (completion, test, (names, seconds, memory)) in enumerate(zip(completions, tests, under, strict=True)):
        program = Program(str(number), program_text(code_of(_text(completion)), test))
        groups.setdefault((tuple(names or ()), seconds, memory), []).append(program)
    rewards = [0.0] * len(completions)
    for (names, seconds, memory), programs in groups.items():
        with Pool(limits=limits(seconds, memory), packages=names) as pool:
            for result in pool.run_many(programs):
                rewards[int(result.id)] = float(result.passed)
    return rewards


def limits(timeout_s: float | None, memory_mb: int | None) -> Limits:
    """The limits of a program: seconds of wall time, and memory in MiB; the sandbox's own where they are not given."""
    if timeout_s is None or memory_mb is None:
        return Limits()
    return Limits(
        wall_seconds=timeout_s,
        cpu_seconds=math.ceil(CPU_SHARE * timeout_s),
        memory_bytes=memory_mb * 2**20,
    )


def code_of(text: str) -> str:
    """The code of a completion: its fenced Python blocks, else blocks in other fences, else all of a text without one.

    A trainer's completions need not have the form that the dataset's responses have.
    """
    text = text.replace("\r\n", "\n")
    if blocks := code_blocks(text) or _lenient_blocks(text):
        return "\n".join(blocks)
    return "" if any(_FENCE.match(line) for line in text.split("\n")) else text


def _lenient_blocks(text: str) -> list[str]:
    """The blocks behind any fence that names Python or nothing, without their indentation.

    A fence for Python that is never closed holds the rest of the text.
    """
    blocks: list[str] = []
    fence, language, lines = "", "", [""]
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if not fence:
            if match:
                fence, language, lines = match[1], match[2].strip(), []
        elif match and match[1].startswith(fence) and not match[2].strip():
            if not language or _PYTHON.fullmatch(language):
                blocks.append(_block(lines))
            fence = ""
        else:
            lines.append(line)
    return [*blocks, _block(lines)] if fence and _PYTHON.fullmatch(language) else blocks


def _block(lines: list[str]) -> str:
    return textwrap.dedent("".join(f"{line}\n" for line in lines))


def code_blocks(text: str) -> list[str]:
    """The contents of all fenced Python blocks of a Markdown text, in order."""
    return [match.group(2) for match in _BLOCK.finditer(text)]


def program_text(code: str, tests: str) -> str:
    """The test program of a response: its code, then its tests."""
    return f"{code.rstrip()}\n\n{tests.rstrip()}\n"


def _text(completion: Any) -> str:
    """A completion's text; empty for no message, and for a message without text."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    return content if isinstance(content, str) else ""
