"""The rules by which the seeds stage rejects, and the checks of those that need only a definition's text.

The checks run in the order of DEFINITION_RULES; the first that finds a fault rejects the definition. They are those
of the reference implementation, with words taken as words ("debug" is not "bug"). To add one, write its function and
name it in the table. Rules that need more than the text are applied elsewhere: licences and sampling in
candidates.py, types in typecheck.py, comparison with other seeds in ingest.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from pipeline import sources
from pipeline.prompts import structure
from pipeline.records import Rejection, Rules
from pipeline.seeds import definitions
from pipeline.seeds.definitions import CLASSES, METHODS, Definition
from pipeline.seeds.imports import modules_of, statements_in
from pipeline.seeds.syntax import captures, parameters, text_of
from pipeline.text import private

# Raise it when a rule would decide otherwise for the same text: every part is then read again.
RULES_VERSION = 5

# A line of code is rarely longer: a definition with more characters than its lines allow is data, not code.
CHARS_A_LINE = 120
MOST_CHANGED = 3  # definitions by one commit: the message of a larger commit describes none of them well

_UNFINISHED = re.compile(r"\b(?:(?i:todos?|fixmes?|bugs?)|XXX)\b")
_NOT_PYTHON_3 = """
(print_statement) @fault
(exec_statement) @fault
(parameters (tuple_pattern) @fault)
(comparison_operator operators: "<>" @fault)
((string_start) @fault (#match? @fault "^([uU][rR]|`)"))
((integer) @fault (#match? @fault "([lL]$|^0[0-9]*[1-9])"))
(raise_statement (expression_list) @fault)
(except_clause value: (_) @first value: (identifier) @second)
"""
_OUTCOMES = """
(return_statement (_) @returned) @return
(yield (_) @yielded)
(function_definition) @inner
(lambda) @inner
(class_definition) @inner
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings of the rules: longest seed in lines, top-level modules that no seed may import, whether a value
    that is yielded counts as returned."""

    max_lines: int = 150
    denied_imports: frozenset[str] = frozenset()
    generators: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over the text of a definition: `drops` says what it rejects; `evidence` returns None for no fault."""

    name: str
    drops: str
    evidence: Callable[[Definition, Limits], str | None]

    def rejected(self, definition: Definition, limits: Limits) -> Rejection | None:
        """Rejects a definition that breaks the rule."""
        evidence = self.evidence(definition, limits)
        return None if evidence is None else Rejection(self.name, evidence[:500])


def _broken(definition: Definition, _: Limits) -> str | None:
    if not definition.node.has_error:
        return None
    (where, *_rest) = captures("[(ERROR) (MISSING)] @fault", definition.node).get("fault", [definition.node])
    return f"line {where.start_point[0] + 1}: {_one_line(text_of(where)) or 'something is missing'}"


def _undocumented(definition: Definition, _: Limits) -> str | None:
    return None if docstring(definition.node) else definition.name


def _without_argument(definition: Definition, _: Limits) -> str | None:
    if definition.kind == CLASSES:
        return None
    count = len(parameters(definition.node))
    if definition.kind == METHODS and not _is_static(definition.node):
        count -= 1
    return None if count > 0 else definition.name


def _without_result(definition: Definition, limits: Limits) -> str | None:
    functions = [definition.node]
    if definition.kind == CLASSES:
        functions = captures("(function_definition) @method", definition.node).get("method", [])
    return None if any(_gives_value(node, limits.generators) for node in functions) else definition.name


def _python_2(definition: Definition, _: Limits) -> str | None:
    caught = captures(_NOT_PYTHON_3, definition.node)
    faults = caught.get("fault", [])
    # `except A, B:` is Python 3.14's for two exceptions; in Python 2 the second was a variable.
    faults += [node for node in caught.get("second", ()) if text_of(node).islower()]
    if not faults:
        return None
    first = min(faults, key=lambda node: node.start_byte)
    line = first.start_point[0] + 1
    return f"line {line}: {_one_line(text_of(first.parent or first))}"


def _too_long(definition: Definition, limits: Limits) -> str | None:
    lines = definition.last_line - definition.first_line + 1 + definition.carried
    if lines > limits.max_lines:
        return f"{lines} lines > {limits.max_lines}"
    most = limits.max_lines * CHARS_A_LINE
    return f"{len(definition.body)} characters > {most}" if len(definition.body) > most else None


def _structure(definition: Definition, _: Limits) -> str | None:
    if not structure.breaks_structure(definition.code):
        return None
    return "a line reads as a section header of our prompts"


def _unfinished(definition: Definition, _: Limits) -> str | None:
    match = _UNFINISHED.search(definition.body)
    if not match:
        return None
    start = definition.body.rfind("\n", 0, match.start()) + 1
    return _one_line(definition.body[start:].split("\n", 1)[0])


def _relative_import(definition: Definition, _: Limits) -> str | None:
    return next((module for module in _modules(definition) if module.startswith(".")), None)


def _denied_import(definition: Definition, limits: Limits) -> str | None:
    for module in _modules(definition):
        if module.split(".")[0] in limits.denied_imports:
            return module
    return None


DEFINITION_RULES = (
    Rule("syntax_error", definitions.RULES["syntax_error"], _broken),
    Rule("no_docstring", "The definition has no docstring, or an empty one.", _undocumented),
    Rule(
        "no_argument",
        "The function takes no argument; the method, none but its object.",
        _without_argument,
    ),
    Rule(
        "no_returned_value",
        "The function, or every method of the class, returns no value other than None.",
        _without_result,
    ),
    Rule("python_2", "The definition has a statement or literal that only Python 2 had.", _python_2),
    Rule(
        "too_long",
        f"The definition has more than `max_lines` lines, or more than {CHARS_A_LINE} characters for each of them.",
        _too_long,
    ),
    Rule("prompt_structure", structure.RULES["prompt_structure"], _structure),
    Rule("unfinished", "The definition has one of the words todo, fixme, bug, XXX.", _unfinished),
    Rule(
        "relative_import",
        "The definition imports a module of its own package, without which it cannot run.",
        _relative_import,
    ),
    Rule(
        "denied_import",
        "The definition imports a module of `denied_imports`, which makes it hard to test.",
        _denied_import,
    ),
    # The costliest last.
    Rule("secret", private.RULES["secret"], lambda definition, _: private.secret(definition.code)),
    Rule(
        "personal_data",
        private.RULES["personal_data"],
        lambda definition, _: private.personal_data(definition.code),
    ),
)

RULES: Rules = {
    "licence_not_allowed": "The licence of the file, or its being unknown, is not allowed by `licences`.",
    "no_definition": "The file, or the change to it, has no definition of `kinds`.",
    "changes_much": f"The commit touched more than {MOST_CHANGED} definitions.",
    **{rule.name: rule.drops for rule in DEFINITION_RULES},
    "not_sampled": "The definition is beyond `stdlib_share`.",
    "beyond_limit": "As many seeds as `limit` allows are taken already, those of the lowest hashes.",
    "not_taken": "As many rows as `[selection] rows` wants, or as a budget allows, are there without the seed's shard.",
    "type_error": "The seed does not pass the type checker on its own: an undefined name, an impossible call.",
    "duplicate": "The definition has the same text as another seed, of which the first place counts.",
    "benchmark_task": "The seed holds a task of a benchmark pack: nothing is generated from it.",
    "near_duplicate": "The seed resembles an earlier one by `near_duplicates` or more.",
}

# All rules by which the seeds stage rejects: files and rows, then definitions.
SEED_RULES: Rules = {**sources.RULES, **definitions.RULES, **RULES}


def rejected(definition: Definition, limits: Limits) -> Rejection | None:
    """Rejects a definition by the first of DEFINITION_RULES that it breaks."""
    for rule in DEFINITION_RULES:
        if rejection := rule.rejected(definition, limits):
            return rejection
    return None


def docstring(node: Node) -> str:
    """The contents of a definition's docstring, stripped; empty when there is none."""
    body = node.child_by_field_name("body")
    first = next((child for child in body.named_children if child.type != "comment"), None) if body else None
    if first is None or first.type != "expression_statement" or not first.named_children:
        return ""
    return (
        "".join(text_of(part) for part in captures("(string_content) @text", first).get("text", ())).strip()
        if first.named_children[0].type in ("string", "concatenated_string")
        else ""
    )


def _gives_value(function: Node, generators: bool) -> bool:
    """Whether the function itself, not one nested in it, returns (for `generators` also: yields) a value but None."""
    body = function.child_by_field_name("body")
    if body is None:
        return False
    caught = captures(_OUTCOMES, body)
    inner = caught.get("inner", [])
    values = [*caught.get("returned", ()), *(caught.get("yielded", ()) if generators else ())]
    return any(
        value.type != "none" and not any(node.start_byte <= value.start_byte < node.end_byte for node in inner)
        for value in values
    )


def _is_static(method: Node) -> bool:
    parent = method.parent
    decorators = parent.children if parent is not None and parent.type == "decorated_definition" else ()
    return any("staticmethod" in text_of(node) for node in decorators if node.type == "decorator")


def _modules(definition: Definition) -> list[str]:
    """Modules that the definition's own import statements, and those kept with it, name."""
    nodes = (statement for node in definition.context for statement in statements_in(node))
    inside = [module for statement in nodes for module in modules_of(statement)]
    kept = [line.split()[1] for line in definition.imports]
    return kept + inside


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
