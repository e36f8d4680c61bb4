"""Parses completions: pure functions from a model's text to its parts, or the rejection of it.

Input is untrusted text. Nothing of it is executed. What is meant is taken, not what is well-formed: only a completion
without the part that its stage needs is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import Rejection, Rules
from pipeline.text.executable import executable, is_session
from pipeline.text.markdown import blocks, code_blocks, is_open
from pipeline.text.normalise import count_words

# Tokens by which models mark the end of a text or a turn, spelt out: everything from there on is another text.
_SPECIAL = re.compile(r"<[|\uff5c][\w\u2581 -]+[|\uff5c]>|<(?:eos|bos|pad|(?:start|end)_of_turn)>")
_END = re.compile(rf"{_SPECIAL.pattern}|</s>(?=\s*\Z)")
_TESTS = re.compile(r"#{2,4}[ \t]*tests?[ \t]*:?[ \t]*", re.IGNORECASE)
# What else models write above their tests, where no header is that of the prompts: "### Unit tests", "**Test cases**".
_TITLE = re.compile(r" {0,3}(?:#{1,6}|\*\*|__).+|[\w ]+:\s*")
_OF_TESTS = {"test", "tests", "testing"}
_MOST_TITLE_WORDS = 5
# Headers of the document's other sections: behind a response the next example begins, or the document ends.
_OTHER_SECTION = re.compile(r"#{2,3} (?:Example \d+|Snippet|Properties|Instruction|Response|Concepts|End)\b.*")
_LIST_MARK = re.compile(r"^(?:[-*+\u2022#&>]+|\d+[.)])\s+")
_AROUND_NAMES = "`'\"*_\u201c\u201d\u2018\u2019"
_CONCEPT = re.compile(r"@?[^\W_](?:[\w .'+#/*^=()&-]*[\w)+#*])?")
MAX_CONCEPTS = 12
MAX_CONCEPT_CHARS = 60
MIN_INSTRUCTION_WORDS = 4

_RESPONSE_RULES: Rules = {
    "parts_missing": "The response does not have each part of the exemplar set's form once, in their order.",
    "no_code_block": "The response has no Python block.",
}
# By what a completion is to be: the rules of parse_concepts, parse_instruction, parse_response and parse_repair.
RULES: Mapping[str, Rules] = {
    "concepts": {
        "empty": "The completion is empty, or has only commas and spaces.",
        "too_many_concepts": f"The completion names more than {MAX_CONCEPTS} concepts.",
        "malformed_concept": f"No name is a concept's: each has more than {MAX_CONCEPT_CHARS} characters, or odd ones.",
    },
    "instructions": {
        "empty": "The completion is empty, or has only spaces.",
        "too_short": f"The instruction has fewer than {MIN_INSTRUCTION_WORDS} words.",
        "stray_header": "A line of the instruction is a Markdown header of the second level or deeper.",
    },
    "responses": {
        "no_tests_section": "The completion has no section Tests.",
        **_RESPONSE_RULES,
        "no_tests_block": "The section Tests has no Python block.",
        "no_assert": "The tests have no assert.",
    },
    "repairs": _RESPONSE_RULES,
}


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """A completion of the responses stage.

    `response` is prose and code as written, `code` the Python of it that is executed, `tests` that of the tests.
    """

    response: str
    code: str
    tests: str


def without_special_tokens(text: str) -> str:
    """The text up to the first special token that a model wrote out, its lines ended as on Unix."""
    return _END.split(text.replace("\r\n", "\n"), maxsplit=1)[0]


def parse_concepts(text: str) -> list[str] | Rejection:
    """The distinct concept names of the first line, which separates them by commas, in order, without odd ones."""
    line = without_special_tokens(text).strip().split("\n", 1)[0].strip()
    parts = [part for part in line.rstrip(".").split(",") if part.strip()]
    if not parts:
        return Rejection("empty", line[:200])
    names = list(dict.fromkeys(name for name in map(_concept, parts) if name))
    if not names:
        return Rejection("malformed_concept", line[:200])
    if len(names) > MAX_CONCEPTS:
        return Rejection("too_many_concepts", f"{len(names)} > {MAX_CONCEPTS}: {line[:200]}")
    return names


def _concept(part: str) -> str:
    """A concept's name without list marks, quotes and emphasis around it; empty where that leaves no name."""
    name = " ".join(_LIST_MARK.sub("", part.strip(), count=1).split()).strip(_AROUND_NAMES).strip()
    return name if len(name) <= MAX_CONCEPT_CHARS and _CONCEPT.fullmatch(name) else ""


def parse_instruction(text: str) -> str | Rejection:
    """The instruction's text, stripped."""
    instruction = without_special_tokens(text).strip()
    if not instruction:
        return Rejection("empty", "")
    if count_words(instruction) < MIN_INSTRUCTION_WORDS:
        return Rejection("too_short", instruction)
    if re.search(r"^#{2,} ", instruction, re.MULTILINE):
        return Rejection("stray_header", instruction[:200])
    return instruction


def parse_response(text: str, parts: Sequence[str] = ()) -> ParsedResponse | Rejection:
    """The response and the tests of a completion; each must have Python, and the tests an assert.

    The response must have `parts`, each once and in their order, if there are any.
    """
    text = without_special_tokens(text)
    response, *sections = _sections(text)
    if not sections:
        return Rejection("no_tests_section", response[-200:])
    if (lacking := _lacking(response, parts)) is not None:
        return lacking
    rest = "\n".join(sections)
    tests = _programs(rest)
    if not tests:
        return Rejection("no_tests_block", rest[:200])
    if not re.search(r"\bassert", "".join(tests)):
        return Rejection("no_assert", "\n".join(tests)[:200])
    return ParsedResponse(response.strip(), program_of(response), "\n".join(tests))


def parse_repair(text: str, parts: Sequence[str] = ()) -> ParsedResponse | Rejection:
    """The response of a completion, with its code; tests that the model writes all the same are left out."""
    response, *_ = _sections(without_special_tokens(text))
    return _lacking(response, parts) or ParsedResponse(response.strip(), program_of(response), tests="")


def is_settled(text: str, parts: Sequence[str] = ()) -> bool:
    """Whether `parse_response` has the same result for this beginning of a completion, however it goes on.

    That is so once another section begins or a special token is written out, and once the tests begin where the
    response before them lacks what it must have.
    """
    if _SPECIAL.search(text):
        return True
    lines = text.split("\n")[:-1]  # the last one may go on
    for place, (number, ends) in enumerate(_headers(lines)):
        before = "\n".join(lines[:number])
        if is_open(before):
            return False
        if ends or (place == 0 and _lacking(before, parts) is not None):
            return True
    return False


def _lacking(response: str, parts: Sequence[str]) -> Rejection | None:
    """The rejection of a response, the text before the tests, that lacks one of its parts or its code."""
    lines = re.findall(r"^[ \t]*\[(\w+)\][ \t]*$", response, re.MULTILINE)
    if parts and [line for line in lines if line in parts] != [*parts]:
        return Rejection("parts_missing", f"it has {', '.join(lines) or 'none'}, not {', '.join(parts)}"[:200])
    if not _programs(response):
        return Rejection("no_code_block", response[-200:])
    return None


def program_of(response: str) -> str:
    """The Python of a response that is executed before its tests."""
    return executable("\n".join(_programs(response)))


def _programs(text: str) -> list[str]:
    return [code for code in code_blocks(text) if not is_session(code)]


def _sections(text: str) -> Iterator[str]:
    """The text before the first header of tests, and what stands below each such header; up to another section."""
    lines = text.split("\n")
    headers = list(_headers(lines))
    if all(ends for _, ends in headers):
        headers = list(_headers(lines, _entitles_tests))
    begin = 0
    for number, ends in headers:
        yield "\n".join(lines[begin:number])
        begin = number + 1
        if ends:
            return
    yield "\n".join(lines[begin:])


def _headers(lines: Sequence[str], entitles: Callable[[str], bool] = lambda line: False) -> Iterator[tuple[int, bool]]:
    """The lines outside of blocks that are headers of tests, and, as the last, that of another section.

    Behind the first block a line that `entitles` tests is a header of tests as well.
    """
    in_block = {number for block in blocks("\n".join(lines)) for number in range(block.first, block.last + 1)}
    for number, line in enumerate(lines):
        if number in in_block:
            continue
        if number > 0 and _OTHER_SECTION.fullmatch(line):
            yield number, True
            return
        if _TESTS.fullmatch(line) or (number > min(in_block, default=number) and entitles(line)):
            yield number, False


def _entitles_tests(line: str) -> bool:
    """Whether a line is a short title in which tests are named first, second or last."""
    words = re.findall(r"\w+", re.sub(r"\(.*?\)", "", line.lower()))
    if not _TITLE.fullmatch(line) or not 0 < len(words) <= _MOST_TITLE_WORDS:
        return False
    return not _OF_TESTS.isdisjoint([*words[:2], words[-1]])
