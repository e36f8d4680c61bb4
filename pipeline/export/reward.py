"""The reward of a completion: 1.0 when its code passes the row's tests in a sandbox of its own, else 0.0.

`reward_by_share` gives the share of the row's checks that it passes where it does not pass all.

A policy that is trained on a reward finds ways to pass without being right, so a pass is falsified: code that passes
as well when its results are wrong, or when no check can pass, has no reward (sandbox/falsification.py).

Beside exported RL rows this file stands as `reward.py`. In TRL: `GRPOTrainer(reward_funcs=reward, ...)`; the
trainer passes the columns `tests`, `packages`, `timeout_s` and `memory_mb`, so that a completion runs as the rows'
own responses did; the packages have to be installed beside the trainer. It needs this project installed, and
bubblewrap; of the project it imports the sandbox alone, so that a trainer's process does not load Luigi and the rest
of the pipeline.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Sequence
from typing import Any

from sandbox import Limits, Pool
from sandbox.falsification import Claim, run_and_falsify

_OPENS = re.compile(r"^([ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(`{3,}|~{3,})([^`]*)$")
_PYTHON = re.compile(r"[ \t]*\{?\.?i?(?:python|py)[ \t]?[\d.]*(?:[\s:,{}].*)?", re.IGNORECASE)
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
    groups: dict[tuple[Any, ...], list[Claim]] = {}
    for number, (completion, test, (names, seconds, memory)) in enumerate(zip(completions, tests, under, strict=True)):
        claim = Claim(str(number), code_of(_text(completion)), test)
        groups.setdefault((tuple(names or ()), seconds, memory), []).append(claim)
    rewards = [0.0] * len(completions)
    for (names, seconds, memory), claims in groups.items():
        with Pool(limits=limits(seconds, memory), packages=names) as pool:
            for result in run_and_falsify(pool, claims):
                rewards[int(result.id)] = float(result.passed)
    return rewards


def reward_by_share(
    completions: Sequence[Any],
    tests: Sequence[str],
    test_list: Sequence[Sequence[str]],
    packages: Sequence[Sequence[str]] | None = None,
    timeout_s: Sequence[float] | None = None,
    memory_mb: Sequence[int] | None = None,
    **_: Any,
) -> list[float]:
    """As `reward`; where that is 0, the share of the row's `test_list` that pass, each in a sandbox of its own.

    Costs a run a check of each completion that is not right.
    """
    rewards = reward(completions, tests, packages, timeout_s, memory_mb)
    parts = [
        (number, check)
        for number, (value, several) in enumerate(zip(rewards, test_list, strict=True))
        for check in (several if value == 0 else ())
    ]
    under: list[Any] = [
        None if column is None else [column[number] for number, _ in parts]
        for column in (packages, timeout_s, memory_mb)
    ]
    passed = reward([completions[number] for number, _ in parts], [check for _, check in parts], *under)
    for (number, _check), value in zip(parts, passed, strict=True):
        rewards[number] += value / len(test_list[number])
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
    """The code of a completion: its blocks of Python, or those without a language, or all of a text without a block.

    A trainer's completions need not have the form that the dataset's responses have.
    """
    text = text.replace("\r\n", "\n")
    # A completion that was cut off leaves its last block open.
    if found := code_blocks(text) or code_blocks(f"{text}\n{_last_fence(text)}"):
        return "\n".join(found)
    return "" if re.search(r"^[ \t]*(?:`{3}|~{3})", text, re.MULTILINE) else text


def _last_fence(text: str) -> str:
    opened = [match for line in text.split("\n") if (match := _OPENS.match(line))]
    return opened[-1][2] if opened else ""


def code_blocks(text: str) -> list[str]:
    """The Python of a Markdown text, as pipeline/text/markdown.py reads it: this file stands alone."""
    found = blocks(text)
    named = [code for info, code in found if _PYTHON.fullmatch(info)]
    return named or [code for info, code in found if not info and _is_python(code)]


def blocks(text: str) -> list[tuple[str, str]]:
    """What stands behind the opening fence of each block of a Markdown text, and the block's text."""
    lines, found, number = text.split("\n"), [], 0
    while number < len(lines):
        opened = _OPENS.match(lines[number])
        last = opened and _closing(lines, number + 1, opened)
        if opened and last:
            columns = len(opened[1])
            inside = [line[:columns].lstrip(" \t") + line[columns:] + "\n" for line in lines[number + 1 : last]]
            found.append((opened[3].strip(), "".join(inside)))
            number = last
        number += 1
    return found


def _closing(lines: list[str], start: int, opened: re.Match[str]) -> int | None:
    for number in range(start, len(lines)):
        fence = lines[number].strip()
        indent = len(lines[number]) - len(lines[number].lstrip())
        if len(fence) >= len(opened[2]) and set(fence) == {opened[2][0]} and indent <= len(opened[1]):
            return number
    return None


def _is_python(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _text(completion: Any) -> str:
    """A completion's text; empty for no message, and for a message without text."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    return content if isinstance(content, str) else ""
