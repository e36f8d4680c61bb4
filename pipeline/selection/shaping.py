"""The form in which a chosen response becomes a row: what its instruction shows, and what of the response stays.

In: a record of the selection, the section [shaping]. Out: the same record in its form, with the names of the forms in
`shape`. Each form is drawn by a hash of the row's id and its own name: the draws are independent, the same in every
run, and a larger share keeps the rows of a smaller one. Code is changed in one way alone, by `without_comments`, and
then has to pass its tests again (pipeline/stages/shaped.py).

After the published shaping of StarCoder2-Instruct's data (arXiv 2410.24198; docs/recipes/starcoder2-instruct.md).
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from pipeline.records import Selected
from pipeline.text.checks import checks
from pipeline.text.comments import uncommented
from pipeline.text.hashing import number, rank
from pipeline.text.markdown import blocks, code_blocks, fence
from pipeline.text.normalise import parse

if TYPE_CHECKING:
    from pipeline.config import sections

TESTS, STUB, NO_COMMENTS, NO_REASONING, NO_EXPLANATION, NO_TAGS, OWN_TESTS = FORMS = (
    "tests", "stub", "no_comments", "no_reasoning", "no_explanation", "no_tags", "own_tests",
)  # fmt: skip

# Instructions that have tests or examples already, or speak of them.
_SHOWS_SOME = re.compile(r"\bassert|\bfor example\b|\btest", re.IGNORECASE)
_WANTS_TESTS = re.compile(r"\btests?\b", re.IGNORECASE)
_TAG = re.compile(r"^[ \t]*\[(?:Reasoning|Implementation|Explanation|Tests)\][ \t]*$", re.MULTILINE)
_MOST_LINES, _MOST_CHARACTERS = 3, 400  # of a check that an instruction shows


def is_on(section: sections.shaping) -> bool:
    """Whether any row may get another form than that of its response."""
    keeps = section.reasoning == section.explanation == section.comments == 1 and section.tags
    return bool(section.tests or section.stub or section.own_tests) or not keeps


def without_comments(row: Selected, section: sections.shaping) -> Selected | None:
    """The row without comments and docstrings in its code, where that is drawn and there are any."""
    if _drawn(row, NO_COMMENTS, section.comments):
        return None
    lines, python = row["response"].split("\n"), set(code_blocks(row["response"]))
    for block in reversed(blocks(row["response"])):
        if block.text in python and not lines[block.first].startswith((" ", "\t")):
            lines[block.first + 1 : block.last] = uncommented(block.text).rstrip("\n").split("\n")
    response = "\n".join(lines)
    return None if response == row["response"] else _with(row, NO_COMMENTS, response=response)


def shaped(row: Selected, section: sections.shaping) -> Selected:
    """The row in its form, but for its comments."""
    instruction = row["instruction"]
    shown = shown_tests(row, section.most_tests) if _drawn(row, TESTS, section.tests) else []
    begun = stub(row) if _drawn(row, STUB, section.stub) else ""
    row = _in_parts(row, section)
    if section.own_tests and _WANTS_TESTS.search(instruction):
        row = _with(row, OWN_TESTS, response=f"{row['response']}\n\n{fence(row['tests'])}")
    if begun:
        row = _with(row, STUB, instruction=f"{row['instruction']}\n\nComplete this function:\n\n{fence(begun)}")
    if shown:
        words = "this test" if len(shown) == 1 else "these tests"
        text = f"{row['instruction']}\n\nYour code should pass {words}:\n\n{fence(chr(10).join(shown))}"
        row = _with(row, TESTS, instruction=text)
    return row


def shown_tests(row: Selected, most: int) -> list[str]:
    """1 to `most` short checks of the row, drawn; none where none is short or the instruction has tests or examples."""
    short = [check for check in checks(row["tests"]) if _is_short(check)]
    if not short or _SHOWS_SOME.search(row["instruction"]):
        return []
    count = 1 + number("shaping", "most_tests", row["id"]) % min(most, len(short))
    drawn = sorted(short, key=lambda check: rank("shaping", row["id"], check))[:count]
    return [check for check in short if check in drawn]


def stub(row: Selected) -> str:
    """The imports, the head and the docstring of the response's function; empty where it is not one function alone."""
    code = "\n".join(code_blocks(row["response"]))
    module = parse(code)
    body = module.body if module else []
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    if len(functions) != 1 or len(functions) + len(imports) != len(body) or functions[0].decorator_list:
        return ""
    (function,) = functions
    first = function.body[0]
    if first.lineno == function.lineno:  # all of it on one line
        return ""
    documented = ast.get_docstring(function, clean=False) is not None
    last = (first.end_lineno or first.lineno) if documented else first.lineno - 1
    head = code.split("\n")[function.lineno - 1 : last]
    while head[-1].lstrip().startswith("#") or not head[-1].strip():
        head.pop()
    needed = [ast.unparse(node) for node in imports]
    return "\n".join([*needed, *([""] * 2 if needed else []), *head, *([] if documented else ["    ..."])])


def _in_parts(row: Selected, section: sections.shaping) -> Selected:
    """The row without the prose before or after its code, as drawn, and without the lines that name parts."""
    found = blocks(row["response"])
    if not found:
        return row
    lines = row["response"].split("\n")
    first, last = found[0].first, found[-1].last + 1
    before, code, after = ("\n".join(part) for part in (lines[:first], lines[first:last], lines[last:]))
    if before.strip() and not _drawn(row, NO_REASONING, section.reasoning):
        row, before = _with(row, NO_REASONING), ""
    if after.strip() and not _drawn(row, NO_EXPLANATION, section.explanation):
        row, after = _with(row, NO_EXPLANATION), ""
    if not section.tags and (_TAG.search(before) or _TAG.search(after)):
        row, before, after = _with(row, NO_TAGS), _TAG.sub("", before), _TAG.sub("", after)
    if not {NO_REASONING, NO_EXPLANATION, NO_TAGS}.intersection(row["shape"]):
        return row
    prose = [re.sub(r"\n{3,}", "\n\n", part).strip() for part in (before, after)]
    return {**row, "response": "\n\n".join(filter(None, (prose[0], code, prose[1])))}


def _is_short(check: str) -> bool:
    module = parse(check)
    asserts = [node for node in module.body if isinstance(node, ast.Assert)] if module else []
    is_plain = module is not None and all(
        isinstance(node, ast.Assert | ast.Assign | ast.Import | ast.ImportFrom) for node in module.body
    )
    return is_plain and len(asserts) == 1 and len(check) <= _MOST_CHARACTERS and check.count("\n") < _MOST_LINES


def _with(row: Selected, form: str, *, instruction: str = "", response: str = "") -> Selected:
    shape = [*row["shape"], form]
    return {
        **row,
        "instruction": instruction or row["instruction"],
        "response": response or row["response"],
        "shape": shape,
    }


def _drawn(row: Selected, form: str, share: float) -> bool:
    """Whether a row is among the share of rows, 0 to 1, that is drawn for a form, or that keeps what it would lose."""
    return number("shaping", form, row["id"]) < share * 2**64
