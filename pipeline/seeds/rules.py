"""What makes a definition a seed: small rules, asked in order; the first that finds a fault drops it.

Each rule takes a definition and the settings and returns its evidence, or "" when there is no fault. They
are those of the reference that need nothing but the text, with words taken as words ("debug" is no "bug").
Rules that need more (a type checker, the other seeds, a model) come after these: typecheck.py, intake.py,
judgements.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from pipeline.prompts.structure import breaks_structure
from pipeline.seeds.definitions import CLASSES, METHODS, Definition
from pipeline.seeds.imports import modules_of, statements_in
from pipeline.seeds.syntax import captures, parameters, text_of

# A line of code is rarely longer: what is far longer than its lines say is data, not code.
CHARS_A_LINE = 120

_UNFINISHED = re.compile(r"\b(?:(?i:todos?|fixmes?|bugs?)|XXX)\b")
_NOT_PYTHON_3 = """
(print_statement) @fault
(exec_statement) @fault
(parameters (tuple_pattern) @fault)
((comparison_operator) @fault (#match? @fault "<>"))
((string_start) @fault (#match? @fault "^([uU][rR]|`)"))
((integer) @fault (#match? @fault "([lL]$|^0[0-9]*[1-9])"))
(raise_statement (expression_list) @fault)
(except_clause value: (_) @first value: (identifier) @second)
"""
_OUTCOMES = """
(return_statement (_) @returned) @return
(function_definition) @inner
(lambda) @inner
(class_definition) @inner
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules go by: longest seed in lines, top-level modules that no seed may import."""

    max_lines: int = 150
    denied_imports: frozenset[str] = frozenset()


def broken(definition: Definition, _: Settings) -> str:
    """Syntax that cannot be understood."""
    if not definition.node.has_error:
        return ""
    (where, *_rest) = captures("[(ERROR) (MISSING)] @fault", definition.node).get(
        "fault", [definition.node]
    )
    return f"line {where.start_point[0] + 1}: {_one_line(text_of(where)) or 'something is missing'}"


def python_2(definition: Definition, _: Settings) -> str:
    """Statements and literals that only Python 2 had; the grammar takes both."""
    caught = captures(_NOT_PYTHON_3, definition.node)
    faults = caught.get("fault", [])
    # `except A, B:` is Python 3.14's for two exceptions; in Python 2 the second was a variable.
    faults += [node for node in caught.get("second", ()) if text_of(node).islower()]
    if not faults:
        return ""
    first = min(faults, key=lambda node: node.start_byte)
    line = first.start_point[0] + 1
    return f"line {line}: {_one_line(text_of(first.parent or first))}"


def undocumented(definition: Definition, _: Settings) -> str:
    """No docstring, or an empty one."""
    return "" if docstring(definition.node) else definition.name


def without_argument(definition: Definition, _: Settings) -> str:
    """A function of nothing; a method of nothing but its object."""
    if definition.kind == CLASSES:
        return ""
    count = len(parameters(definition.node))
    if definition.kind == METHODS and not _is_static(definition.node):
        count -= 1
    return "" if count > 0 else definition.name


def without_result(definition: Definition, _: Settings) -> str:
    """No `return` with an expression other than None; in a class, in no method."""
    node = definition.node
    if definition.kind == CLASSES:
        methods = captures("(function_definition) @method", node).get("method", [])
        return "" if any(_returns_value(method) for method in methods) else definition.name
    return "" if _returns_value(node) else definition.name


def too_long(definition: Definition, settings: Settings) -> str:
    lines = definition.last_line - definition.first_line + 1
    if lines > settings.max_lines:
        return f"{lines} lines > {settings.max_lines}"
    most = settings.max_lines * CHARS_A_LINE
    return f"{len(definition.body)} characters > {most}" if len(definition.body) > most else ""


def unfinished(definition: Definition, _: Settings) -> str:
    """A word that says the author was not content: todo, fixme, bug, XXX."""
    found = _UNFINISHED.search(definition.body)
    if not found:
        return ""
    start = definition.body.rfind("\n", 0, found.start()) + 1
    return _one_line(definition.body[start:].split("\n", 1)[0])


def denied_import(definition: Definition, settings: Settings) -> str:
    """A module whose use makes a function hard to test: files, processes, plots."""
    for module in _modules(definition):
        if module.split(".")[0] in settings.denied_imports:
            return module
    return ""


def relative_import(definition: Definition, _: Settings) -> str:
    """A module of the file's own package: outside of it the definition means nothing."""
    return next((module for module in _modules(definition) if module.startswith(".")), "")


def structure(definition: Definition, _: Settings) -> str:
    """A line that reads as a section header of our prompts would end its own section."""
    return (
        "a line reads as a section header of our prompts"
        if breaks_structure(definition.code)
        else ""
    )


RULES: tuple[tuple[str, Callable[[Definition, Settings], str]], ...] = (
    ("syntax_error", broken),
    ("no_docstring", undocumented),
    ("no_argument", without_argument),
    ("no_returned_value", without_result),
    ("python_2", python_2),
    ("too_long", too_long),
    ("prompt_structure", structure),
    ("unfinished", unfinished),
    ("relative_import", relative_import),
    ("denied_import", denied_import),
)


def fault(definition: Definition, settings: Settings) -> tuple[str, str] | None:
    """The first rule that a definition breaks, with the evidence."""
    for name, rule in RULES:
        if evidence := rule(definition, settings):
            return name, evidence[:500]
    return None


def docstring(node: Node) -> str:
    """The contents of a definition's docstring, stripped; empty when it has none."""
    body = node.child_by_field_name("body")
    first = (
        next((child for child in body.named_children if child.type != "comment"), None)
        if body
        else None
    )
    if first is None or first.type != "expression_statement" or not first.named_children:
        return ""
    return (
        "".join(
            text_of(part) for part in captures("(string_content) @text", first).get("text", ())
        ).strip()
        if first.named_children[0].type in ("string", "concatenated_string")
        else ""
    )


def _returns_value(function: Node) -> bool:
    """Whether the function itself (not one nested in it) returns an expression other than None."""
    body = function.child_by_field_name("body")
    if body is None:
        return False
    caught = captures(_OUTCOMES, body)
    inner = caught.get("inner", [])
    return any(
        value.type != "none"
        and not any(node.start_byte <= value.start_byte < node.end_byte for node in inner)
        for value in caught.get("returned", ())
    )


def _is_static(method: Node) -> bool:
    parent = method.parent
    decorators = (
        parent.children if parent is not None and parent.type == "decorated_definition" else ()
    )
    return any("staticmethod" in text_of(node) for node in decorators if node.type == "decorator")


def _modules(definition: Definition) -> list[str]:
    """Modules imported by the definition's own statements and by those kept with it."""
    inside = [
        module for statement in statements_in(definition.node) for module in modules_of(statement)
    ]
    kept = [line.split()[1] for line in definition.imports]
    return kept + inside


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
