"""The rules of the selection: `RULES` declares them all, `ALONE` are those that need nothing but the candidate.

The other rules compare a candidate with the rows that were taken before it (selector.py). A change of what a
rule drops needs a new version of the stage's recipe.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Container
from dataclasses import dataclass

from pipeline.records import Candidate, Rejection, Rules
from pipeline.text import private
from pipeline.text.normalise import count_words, is_assert, nested_definitions, parsed
from pipeline.verification.instrument import entry

RULES: Rules = {
    "by_hand": "A person took the row out: its id is in the file of `reject`.",
    "seed_gone": "The seed, or the one that half of its concepts come from, is in no source any more.",
    "not_passed": "The response did not pass its tests, and `among` is `passing`.",
    "passed": "The response passed its tests, and `among` is `failing`.",
    "not_agreed": "The agreement of the instruction's other samples is below `min_agreement`.",
    "trivial": (
        "The function only ever returned its argument, or always the same, or its tests try one input (`trivial`)."
    ),
    "unfinished": "The response contains words of an unfinished answer, such as TODO.",
    "instruction_too_long": "The instruction has more than `max_instruction_words` words.",
    "no_definition": "The code of the response does not parse, or defines no function, class or name.",
    "no_executed_assert": "The tests do not parse, or hold no assert that runs.",
    **private.RULES,
    "not_chosen": "Other responses to the same instruction were chosen, as many as `per_instruction` admits.",
    "same_shape": "A row of the same instruction has the same code, but for names, comments and layout.",
    "exemplar": "The row repeats an exemplar of the prompts, as `near_duplicate` would have it.",
    "duplicate": "A row has the same instruction and response, but for whitespace.",
    "near_duplicate": "A row has a similar instruction, response or code, names left aside, by `near_duplicates`.",
    "names_taken": "Already `max_same_names` rows define functions or classes of the same names.",
    "beyond_rows": "As many rows are taken as `rows` wants.",
    "cap": "The concept, category or difficulty has as many rows as its `max_per_...` admits.",
}

_UNFINISHED = re.compile(
    r"\b(?:todo|fixme|notimplemented|notimplementederror)\b|your code (?:goes )?here", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What the rules of one candidate go by: ids of the current seeds, and keys of [selection]."""

    seeds: Container[str]
    among: str
    max_instruction_words: int
    min_agreement: float
    trivial: bool


def seed_gone(candidate: Candidate, criteria: Criteria) -> Rejection | None:
    seeds = [seed["id"] for seed in (candidate["seed"], candidate["partner"]) if seed]
    gone = [seed for seed in seeds if seed not in criteria.seeds]
    return Rejection("seed_gone", f"seed {gone[0]} is in no source any more") if gone else None


def wrong_verdict(candidate: Candidate, criteria: Criteria) -> Rejection | None:
    """The rules `not_passed` and `passed`: rows are chosen among responses with another verdict."""
    passed, status = candidate["verdict"]["passed"], candidate["verdict"]["status"]
    if not passed and criteria.among == "passing":
        return Rejection("not_passed", status)
    if passed and criteria.among == "failing":
        return Rejection("passed", status)
    return None


def not_agreed(candidate: Candidate, criteria: Criteria) -> Rejection | None:
    """Responses that did not pass are chosen for comparisons alone, and were compared with no other."""
    verification = candidate["verification"]
    if not candidate["verdict"]["passed"] or verification["agreement"] >= criteria.min_agreement:
        return None
    evidence = f"{verification['agreement']} < {criteria.min_agreement}: it passes the tests of "
    return Rejection("not_agreed", f"{evidence}{len(verification['agrees'])} of {verification['asked']} others")


def trivial(candidate: Candidate, criteria: Criteria) -> Rejection | None:
    """The tests ask no more than a function would pass that does nothing. What was not verified is not known."""
    verification = candidate["verification"]
    if criteria.trivial or verification["inputs"] is None:
        return None
    if behaviour := verification["behaviour"]:
        returned = "one of its arguments" if behaviour == "argument" else "the same"
        return Rejection("trivial", f"in all tests it returned {returned}")
    if verification["inputs"] == 1 and _takes_arguments(candidate["response"]["code"]):
        return Rejection("trivial", "its tests try one input")
    return None


def _takes_arguments(code: str) -> bool:
    """Whether what the tests most likely call is a function with parameters."""
    module, name = parsed(code), entry(code)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)] if module else []
    return any(
        node.name == name and (node.args.args or node.args.posonlyargs or node.args.vararg) for node in functions
    )


def unfinished(candidate: Candidate, _: Criteria) -> Rejection | None:
    """The words are those of the reference implementation (bigcode-project/selfcodealign)."""
    match = _UNFINISHED.search(candidate["response"]["response"])
    return Rejection("unfinished", match[0]) if match else None


def instruction_too_long(candidate: Candidate, criteria: Criteria) -> Rejection | None:
    words = count_words(candidate["instruction"]["instruction"])
    if words <= criteria.max_instruction_words:
        return None
    evidence = f"{words} words > {criteria.max_instruction_words}"
    return Rejection("instruction_too_long", evidence)


def no_definition(candidate: Candidate, _: Criteria) -> Rejection | None:
    """The code defines nothing that tests could call."""
    try:
        module = ast.parse(candidate["response"]["code"])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Rejection("no_definition", f"does not parse: {error}")
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    if not any(isinstance(node, defined) for node in module.body):
        return Rejection("no_definition", "no function, class or name is defined")
    return None


def no_executed_assert(candidate: Candidate, _: Criteria) -> Rejection | None:
    """The tests check nothing when they run as a program: an assert must stand outside definitions, or a
    definition that holds one must be followed by a statement that can call it."""
    try:
        module = ast.parse(candidate["response"]["tests"])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Rejection("no_executed_assert", f"does not parse: {error}")
    if not any(isinstance(node, ast.Raise) or is_assert(node) for node in ast.walk(module)):
        return Rejection("no_executed_assert", "no assert statement")
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    if all(isinstance(node, definitions) for node in module.body):
        return Rejection("no_executed_assert", "definitions only, nothing runs")
    return None


# The cheap ones first; of several rules that a candidate breaks, the first is on file.
ALONE: tuple[Callable[[Candidate, Criteria], Rejection | None], ...] = (
    seed_gone,
    wrong_verdict,
    not_agreed,
    trivial,
    unfinished,
    instruction_too_long,
    no_definition,
    no_executed_assert,
)


def fault(candidate: Candidate, criteria: Criteria) -> Rejection | None:
    """The first rule of `ALONE` that a candidate breaks."""
    rejections = (rule(candidate, criteria) for rule in ALONE)
    return next((rejection for rejection in rejections if rejection), None)


def defined_names(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names of all functions, and of all classes, that the code defines at any depth."""
    functions: set[str] = set()
    classes: set[str] = set()
    module = parsed(code)
    for node in nested_definitions(module) if module else ():
        (classes if isinstance(node, ast.ClassDef) else functions).add(node.name)
    return frozenset(functions), frozenset(classes)
