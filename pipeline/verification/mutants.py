"""Makes mutants of a program, copies with one small mistake each: good tests notice most of them.

The operators are the standard ones of mutation testing (arithmetic, comparison, boolean, condition, constant,
deleted call, an exception not raised), and one more, `return`: a function's returned values become others of the
same type, which tests of values notice and tests of types do not. Mutants keep types where they can, so that the
tests have to notice the mistake, and no crash does it for them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.text.normalise import parse

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.Add,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)

# Applied to a fresh tree whose nodes, in order of ast.walk, are given: makes the one mistake.
_Edit = Callable[[list[ast.AST]], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed program: by which operator, at which line, in which function ("Class.method", "" outside)."""

    operator: str
    line: int
    function: str
    source: str


def mutants(code: str, most: int) -> list[Mutant]:
    """At most `most` mutants of a program, returned values first, then each operator in turn."""
    tree = parse(code)
    if tree is None:
        return []
    by_operator: dict[str, list[tuple[int, str, _Edit]]] = {}
    for operator, line, function, edit in _edits(tree):
        by_operator.setdefault(operator, []).append((line, function, edit))
    made: dict[str, Mutant] = {}
    for operator, (line, function, edit) in _in_turn(by_operator):
        if len(made) >= most:
            break
        fresh = parse(code)
        assert fresh is not None
        edit(list(ast.walk(fresh)))
        source = ast.unparse(ast.fix_missing_locations(fresh))
        made.setdefault(source, Mutant(operator, line, function, source))
    return list(made.values())


def _in_turn(
    by_operator: dict[str, list[tuple[int, str, _Edit]]],
) -> Iterator[tuple[str, tuple[int, str, _Edit]]]:
    for edit in by_operator.pop("return", []):
        yield "return", edit
    longest = max(map(len, by_operator.values()), default=0)
    for turn in range(longest):
        for operator, edits in sorted(by_operator.items()):
            if turn < len(edits):
                yield operator, edits[turn]


def _edits(tree: ast.Module) -> Iterator[tuple[str, int, str, _Edit]]:
    """(operator, line, function, edit) for every mistake that could be made."""
    nodes = list(ast.walk(tree))
    number = {id(node): n for n, node in enumerate(nodes)}
    owners, skipped = _owners(tree), _not_code(tree)
    returned: dict[str, list[int]] = {}
    for node in nodes:
        if id(node) in skipped:
            continue
        n, owner, line = number[id(node)], owners.get(id(node), ""), getattr(node, "lineno", 0)
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            returned.setdefault(owner, []).append(n)
        elif isinstance(node, ast.Lambda):
            yield from _returning(line, owner, [n])
        elif isinstance(node, ast.Raise) and owner:
            yield "raise", line, owner, _at(n, _return)
        for operator, change in _changes(node):
            yield operator, line, owner, _at(n, change)
    for owner, numbers in returned.items():
        yield from _returning(getattr(nodes[numbers[0]], "lineno", 0), owner, numbers)


def _at(n: int, change: Callable[[ast.AST], None]) -> _Edit:
    return lambda fresh: change(fresh[n])


def _returning(line: int, owner: str, numbers: list[int]) -> Iterator[tuple[str, int, str, _Edit]]:
    for wrapper in ("__more__", "__other__"):

        def edit(fresh: list[ast.AST], wrapper: str = wrapper) -> None:
            for n in numbers:
                node = fresh[n]
                field = "body" if isinstance(node, ast.Lambda) else "value"
                inner = getattr(node, field)
                setattr(node, field, ast.Call(ast.Name(wrapper, ast.Load()), [inner], []))

        yield "return", line, owner, edit


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    """The mistakes that can be made at one node, each as a change of that node in a fresh tree."""
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _ARITHMETIC:
            yield "arithmetic", _set("op", _ARITHMETIC[type(op)])
        case ast.Compare(ops=[comparison]):
            yield "comparison", _set("ops", lambda: [_COMPARISON[type(comparison)]()])
        case ast.BoolOp(op=connective):
            yield "boolean", _set("op", ast.Or if isinstance(connective, ast.And) else ast.And)
        case ast.If() | ast.IfExp():
            yield "condition", _negate
        case ast.Constant(value=bool(truth)):
            yield "constant", _set("value", lambda: not truth)
        case ast.Constant(value=int(number)):
            yield "constant", _set("value", lambda: number + 1)
        case ast.Constant(value=str(text)):
            yield "constant", _set("value", lambda: text + "~")
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield "deletion", _set("value", lambda: ast.Constant(None))


def _set(field: str, make: Callable[[], object]) -> Callable[[ast.AST], None]:
    return lambda node: setattr(node, field, make())


def _negate(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _return(node: ast.AST) -> None:
    """A raise statement becomes `return`."""
    node.__class__ = ast.Return
    node.value = None  # type: ignore[attr-defined]


def _owners(tree: ast.Module) -> dict[int, str]:
    """For the id of every node the qualified name of the function that it is in."""
    owners: dict[int, str] = {}
    pending: list[tuple[ast.AST, str, str]] = [(tree, "", "")]
    while pending:
        node, scope, function = pending.pop()
        owners[id(node)] = function
        if isinstance(node, _SCOPES) and not isinstance(node, ast.Lambda):
            scope = f"{scope}.{node.name}".lstrip(".")
            function = function if isinstance(node, ast.ClassDef) else scope
        pending += [(child, scope, function) for child in ast.iter_child_nodes(node)]
    return owners


def _not_code(tree: ast.Module) -> set[int]:
    """Ids of the nodes of docstrings and annotations: no test can notice a mistake there."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                roots.append(node)
            case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation) if annotation:
                roots.append(annotation)
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns) if returns:
                roots.append(returns)
    return {id(node) for root in roots for node in ast.walk(root)}
