"""Reads and writes fenced blocks of Python in Markdown."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^(`{3,})(?:python|py)[ \t]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def code_blocks(text: str) -> list[str]:
    """The contents of all fenced Python blocks of a Markdown text, in order."""
    return [match.group(2) for match in _BLOCK.finditer(text)]


def fence(code: str) -> str:
    """Python in a Markdown fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}python\n{code.rstrip()}\n{ticks}"
