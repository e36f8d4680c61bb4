"""Completions to records: pure functions from a model's text to its parts, or the rule that it broke.

Input is untrusted text. Nothing is executed here; `ast` is used to look at it at most.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.records import Rejection
from pipeline.text.markdown import code_blocks

_TESTS_HEADER = re.compile(r"^### Tests[ \t]*$", re.MULTILINE)
_CONCEPT = re.compile(r"[^\W_](?:[\w .'+#/()&-]*[\w)+#])?")
MAX_CONCEPTS = 12
MAX_CONCEPT_CHARS = 60
MIN_INSTRUCTION_WORDS = 4


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """A completion of the responses stage: `response` is prose and code as written."""

    response: str
    code: str
    tests: str


def parse_concepts(text: str) -> list[str] | Rejection:
    """One comma-separated line to distinct concept names, in order."""
    line = text.strip().split("\n", 1)[0].strip()
    if not line:
        return Rejection("empty", "")
    names = list(dict.fromkeys(" ".join(part.split()) for part in line.rstrip(".").split(",")))
    names = [name for name in names if name]
    if not names:
        return Rejection("empty", line[:200])
    if len(names) > MAX_CONCEPTS:
        return Rejection("too_many_concepts", f"{len(names)} > {MAX_CONCEPTS}: {line[:200]}")
    for name in names:
        if len(name) > MAX_CONCEPT_CHARS or not _CONCEPT.fullmatch(name):
            return Rejection("malformed_concept", name[:200])
    return names


def parse_instruction(text: str) -> str | Rejection:
    """The instruction's text, stripped."""
    instruction = text.strip()
    if not instruction:
        return Rejection("empty", "")
    if len(instruction.split()) < MIN_INSTRUCTION_WORDS:
        return Rejection("too_short", instruction)
    if re.search(r"^#{2,} ", instruction, re.MULTILINE):
        return Rejection("stray_header", instruction[:200])
    return instruction


def parse_response(text: str) -> ParsedResponse | Rejection:
    """Response and tests sections, each with Python; the tests with an assert."""
    parts = _TESTS_HEADER.split(text)
    if len(parts) != 2:
        return Rejection(
            "no_tests_section" if len(parts) < 2 else "several_tests_sections", text[-200:]
        )
    response, rest = parts
    code = code_blocks(response)
    tests = code_blocks(rest)
    if not code:
        return Rejection("no_code_block", response[-200:])
    if not tests:
        return Rejection("no_tests_block", rest[:200])
    if len(tests) > 1:
        return Rejection("several_tests_blocks", rest[:200])
    if not re.search(r"\bassert\b", tests[0]):
        return Rejection("no_assert", tests[0][:200])
    return ParsedResponse(response.strip(), "\n".join(code), tests[0])
