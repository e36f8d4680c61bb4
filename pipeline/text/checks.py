"""Splits tests into checks: programs that each run on their own behind a response, with one assert where that can be.

A check is an assert with the assignments and imports that it needs. Asserts that share a value which a call may change
stay together and in order, as do all statements from the first on that is neither an assert nor a plain assignment or
import. Not promised: that a function whose answers depend on earlier calls passes each check as it passes all tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import takewhile

from pipeline.text.normalise import parse

_LEAVES = (ast.Constant, ast.Name, ast.operator, ast.unaryop, ast.expr_context)
_FIXED = (*_LEAVES, ast.Tuple, ast.UnaryOp, ast.BinOp)  # what makes a value that no call can change


def checks(tests: str) -> list[str]:
    """The checks of tests, each once; tests that do not parse are one."""
    tree = parse(tests)
    if tree is None:
        return [tests.strip()]
    statements: list[ast.stmt] = list(takewhile(_is_plain, tree.body))
    groups = _groups(statements)
    if len(statements) < len(tree.body):
        rest = range(len(statements), len(tree.body))
        bound = [place for place, statement in enumerate(statements) if not isinstance(statement, ast.Assert)]
        groups.append([*bound, *rest])
    texts = ["\n".join(_source(tests, tree.body[place]) for place in group) for group in groups]
    return list(dict.fromkeys(texts))


def _groups(statements: Sequence[ast.stmt]) -> list[list[int]]:
    """The places of the statements of each check, in order of its first assert."""
    groups: list[tuple[set[int], set[int]]] = []  # places, and those of them whose values may be changed
    for place, statement in enumerate(statements):
        if not isinstance(statement, ast.Assert):
            continue
        needed = set(_needed(statements, place))
        places = {place, *needed}
        changing = {number for number in needed if not _is_fixed(statements[number])}
        for group in [group for group in groups if group[1] & changing]:
            groups.remove(group)
            places |= group[0]
            changing |= group[1]
        groups.append((places, changing))
    ordered = sorted(groups, key=lambda group: min(n for n in group[0] if isinstance(statements[n], ast.Assert)))
    return [sorted(places) for places, _ in ordered]


def _needed(statements: Sequence[ast.stmt], place: int) -> Iterator[int]:
    """The places of the assignments and imports before a statement on which it depends."""
    names = _names(statements[place], ast.Load)
    for earlier in range(place - 1, -1, -1):
        statement = statements[earlier]
        if names & (bound := _bound(statement)):
            yield earlier
            names = (names - bound) | _names(statement, ast.Load)


def _is_plain(statement: ast.stmt) -> bool:
    if any(isinstance(node, ast.NamedExpr) for node in ast.walk(statement)):
        return False
    match statement:
        case ast.Assert() | ast.Import():
            return True
        case ast.ImportFrom(names=names):
            return all(alias.name != "*" for alias in names)
        case ast.Assign(targets=targets):
            return all(map(_is_name, targets))
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is not None
    return False


def _is_name(target: ast.expr) -> bool:
    return all(map(_is_name, target.elts)) if isinstance(target, ast.Tuple) else isinstance(target, ast.Name)


def _is_fixed(statement: ast.stmt) -> bool:
    """Whether what a statement binds is the same after any number of calls: a number, a text, a module, a name."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    return value is not None and all(isinstance(node, _FIXED) for node in ast.walk(value))


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return set() if isinstance(statement, ast.Assert) else _names(statement, ast.Store)


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, context)}


def _source(tests: str, statement: ast.stmt) -> str:
    if getattr(statement, "decorator_list", None):  # whose lines a segment leaves out
        return ast.unparse(statement)
    return ast.get_source_segment(tests, statement) or ast.unparse(statement)
