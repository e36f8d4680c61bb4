"""Reads and writes fenced blocks of Python in Markdown.

Blocks are read as models write them: fenced with backticks or tildes, indented under a list item, with the language in
any case and with its version, or without a language. A fence that is never closed is no block.
`pipeline/export/reward.py`, which stands alone, holds a copy of `blocks` and `code_blocks`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.text.normalise import parse

_OPENS = re.compile(r"^([ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(`{3,}|~{3,})([^`]*)$")
_PYTHON = re.compile(r"[ \t]*\{?\.?i?(?:python|py)[ \t]?[\d.]*(?:[\s:,{}].*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what stands behind its opening fence, its text, and its lines from fence to fence, from 0."""

    info: str
    text: str
    first: int
    last: int


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a Markdown text, in order, without the indentation of their fences."""
    lines, found, number = text.split("\n"), [], 0
    while number < len(lines):
        opened = _OPENS.match(lines[number])
        last = opened and _closing(lines, number + 1, opened)
        if opened and last:
            inside = [_dedented(line, len(opened[1])) + "\n" for line in lines[number + 1 : last]]
            found.append(Block(opened[3].strip(), "".join(inside), number, last))
            number = last
        number += 1
    return found


def ended(text: str) -> str:
    """The text with its last block closed, where the end of the text cuts it off."""
    opened = _unclosed(text)
    return f"{text.rstrip()}\n{opened[-1][1]}{opened[-1][2]}\n" if opened else text


def is_open(text: str) -> bool:
    """Whether what follows the text may belong to a block that begins in it."""
    return bool(_unclosed(text))


def _unclosed(text: str) -> list[re.Match[str]]:
    """The fences that open a block which is not closed."""
    inside = {number for block in blocks(text) for number in range(block.first, block.last + 1)}
    return [
        match for number, line in enumerate(text.split("\n")) if number not in inside and (match := _OPENS.match(line))
    ]


def _closing(lines: list[str], start: int, opened: re.Match[str]) -> int | None:
    """The line of the fence that closes a block: as long as the opening one or longer, and not further to the right."""
    for number in range(start, len(lines)):
        fence = lines[number].strip()
        indent = len(lines[number]) - len(lines[number].lstrip())
        if len(fence) >= len(opened[2]) and set(fence) == {opened[2][0]} and indent <= len(opened[1]):
            return number
    return None


def _dedented(line: str, columns: int) -> str:
    """The line without as many leading spaces, or as many of them as it has."""
    return line[:columns].lstrip(" \t") + line[columns:]


def code_blocks(text: str) -> list[str]:
    """The Python of a Markdown text: its blocks of Python, or where none is called so those without a language."""
    found = blocks(text)
    named = [block.text for block in found if _PYTHON.fullmatch(block.info)]
    return named or [block.text for block in found if not block.info and parse(block.text) is not None]


def fence(code: str, info: str = "python") -> str:
    """Python, or another text, in a Markdown fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{info}\n{code.rstrip()}\n{ticks}"
