"""Parses completions: pure functions from a model's text to its parts, or the rejection of it.

Input is untrusted text. Nothing of it is executed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.records import Rejection, Rules
from pipeline.text.markdown import code_blocks

_TESTS_HEADER = re.compile(r"^### Tests[ \t]*$", re.MULTILINE)
_CONCEPT = re.compile(r"[^\W_](?:[\w .'+#/()&-]*[\w)+#])?")
MAX_CONCEPTS = 12
MAX_CONCEPT_CHARS = 60
MIN_INSTRUCTION_WORDS = 4

# By what a completion is to be: the rules of parse_concepts, parse_instruction and parse_response.
RULES: Mapping[str, Rules] = {
    "concepts": {
        "empty": "The completion is empty, or has only commas and spaces.",
        "too_many_concepts": f"The completion names more than {MAX_CONCEPTS} concepts.",
        "malformed_concept": f"A concept has more than {MAX_CONCEPT_CHARS} characters, or characters that names lack.",
    },
    "instructions": {
        "empty": "The completion is empty, or has only spaces.",
        "too_short": f"The instruction has fewer than {MIN_INSTRUCTION_WORDS} words.",
        "stray_header": "A line of the instruction is a Markdown header of the second level or deeper.",
    },
    "responses": {
        "no_tests_section": "The completion has no section Tests.",
        "several_tests_sections": "The completion has more than one section Tests.",
        "no_code_block": "The response has no Python block.",
        "no_tests_block": "The section Tests has no Python block.",
        "several_tests_blocks": "The section Tests has more than one Python block.",
        "no_assert": "The tests have no assert.",
    },
}


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """A completion of the responses stage: `response` is prose and code as written, the others bare Python."""

    response: str
    code: str
    tests: str


def parse_concepts(text: str) -> list[str] | Rejection:
    """The distinct concept names of the first line, which separates them by commas, in order."""
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
    """The response and the tests of a completion; each must have Python, and the tests an assert."""
    parts = _TESTS_HEADER.split(text)
    if len(parts) != 2:
        rule = "no_tests_section" if len(parts) < 2 else "several_tests_sections"
        return Rejection(rule, text[-200:])
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
