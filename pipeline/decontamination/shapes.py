"""Reduces Python code to its structure, without names, formatting, docstrings, comments and annotations.

A unit (a whole snippet, a function or a class) becomes

- a digest: equal for two units that differ only in the names they choose and in their layout,
- shapes: small pieces of its syntax tree, which a slightly changed unit still has in common with the original. A loop
  that appends and a comprehension share most shapes, `a > b` has those of `b < a`, `x += 1` those of `x = x + 1`.

Names that carry meaning stay: builtins, imported modules, attributes, keyword arguments. Code that does not parse is
repaired by blanking the lines with syntax errors; code that cannot be repaired has no units.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.text.normalise import nested_definitions, parse, syntax_error_line

MAX_REPAIRS = 12
MAX_UNITS = 24
MAX_CODE_CHARS = 100_000
_MAX_SHAPE_CHARS = 160

_HEADER = re.compile(r"\s*(?:async |def |class |if |elif |else|for |while |try|with )[^#]*[^:\s]\s*$")
_BUILTINS = frozenset(dir(builtins))
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MIRRORED = {"Gt": "Lt", "GtE": "LtE"}
# The order of their operands does not count in shapes. It counts in digests, because operands may be of any type.
_UNORDERED = frozenset({"Add", "Mult", "Eq", "NotEq", "And", "Or"})
_SILENT = frozenset({"module", "def", "class", "loop", "choice", "repeat", "try", "with"})

# A node of the syntax tree, or a label with children.
_Piece = ast.AST | tuple[str, list["_Piece"]]


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of code: the name of its definition ("" for a snippet of several), the number of its syntax nodes,
    its digest, its distinct shapes in order of appearance, and the text of its docstrings.
    """

    name: str
    size: int
    digest: bytes
    shapes: tuple[str, ...]
    prose: str


def units(code: str) -> list[Unit]:
    """The whole snippet first, then each of its functions and classes where there are several."""
    module = mended(code[:MAX_CODE_CHARS])
    if module is None:
        return []
    parts: list[Unit] = []
    definitions = list(nested_definitions(module))
    try:
        whole = _unit(definitions[0].name if len(definitions) == 1 else "", module)
        if whole.size:
            parts.append(whole)
        if len(definitions) > 1:
            parts.extend(_unit(node.name, node) for node in definitions[: MAX_UNITS - 1])
    except RecursionError:  # an expression nested deeper than Python's own stack
        pass
    return parts


def structure(code: str) -> str:
    """The canonical text of all of the code, with names numbered; empty for code that cannot be repaired."""
    module = mended(code[:MAX_CODE_CHARS])
    try:
        return _Walk().visit(module)[0] if module is not None else ""
    except RecursionError:  # an expression nested deeper than Python's own stack
        return ""


def largest(code: str) -> int:
    """The syntax nodes of the largest function or class of a snippet, or of all of it where it has none."""
    return max((unit.size for unit in units(code)), default=0)


def mended(code: str) -> ast.Module | None:
    """The syntax tree of code, after blanking at most MAX_REPAIRS lines; None for code that cannot be repaired."""
    code = textwrap.dedent(code.replace("\t", "    ").replace("\0", ""))
    lines = code.split("\n")
    for _ in range(MAX_REPAIRS):
        text = "\n".join(lines)
        if (module := parse(text)) is not None:
            return module
        number = syntax_error_line(text)
        if number is None:
            return None
        number = min(max(number, 1), len(lines))
        line = lines[number - 1]
        if _HEADER.match(line):
            lines[number - 1] = line.rstrip() + ":"
            continue
        blank = line[: len(line) - len(line.lstrip())] + "pass"
        if line == blank or not line.strip():
            # The line is blank already: keep the lines above it.
            lines = lines[: number - 1]
        else:
            lines[number - 1] = blank
    return None


def _unit(name: str, node: ast.AST) -> Unit:
    walk = _Walk()
    canonical = walk.visit(node)[0].encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(canonical, digest_size=12).digest()
    return Unit(name, walk.size, digest, tuple(walk.shapes), "\n".join(walk.prose))


class _Walk:
    """One pass over a tree, which collects shapes; `visit` returns the text whose digest is compared."""

    def __init__(self) -> None:
        self.size = 0
        self.shapes: dict[str, None] = {}
        self.prose: list[str] = []
        self._names: dict[str, str] = {}
        self._modules: dict[str, str] = {}

    def visit(self, piece: _Piece) -> tuple[str, str, str]:
        """Canonical text, shape with children, and label of a piece."""
        if isinstance(piece, ast.Name):
            return self._name(piece.id, isinstance(piece.ctx, ast.Store))
        if isinstance(piece, ast.arg):
            return self._name(piece.arg, True)
        if isinstance(piece, ast.Constant):
            return self._constant(piece.value)
        label, children = piece if isinstance(piece, tuple) else self._parts(piece)
        self.size += 1
        if label == ".self":  # an attribute whose name the class chose
            name = self._number("." + piece.attr)  # type: ignore[union-attr]
            return name, ".v", ".v"
        visited = [self.visit(child) for child in children]
        canonical = f"{label}({','.join([child[0] for child in visited])})"
        if label in _UNORDERED:
            visited.sort(key=lambda child: child[1])
        shape = f"{label}({','.join([child[2] for child in visited])})"
        if label not in _SILENT and len(shape) < _MAX_SHAPE_CHARS:
            self.shapes.setdefault(label)
            self.shapes.setdefault(shape)
            deep = f"{label}({','.join([child[1] for child in visited])})"
            if len(deep) < _MAX_SHAPE_CHARS:
                self.shapes.setdefault(deep)
        return canonical, shape, label

    def _number(self, name: str) -> str:
        return self._names.setdefault(name, f"v{len(self._names)}")

    def _name(self, name: str, bound: bool) -> tuple[str, str, str]:
        self.size += 1
        if not bound and name not in self._names and (name in self._modules or name in _BUILTINS):
            kept = self._modules.get(name, name)
            self.shapes.setdefault(kept)
            return kept, kept, kept
        return self._number(name), "v", "v"

    def _constant(self, value: object) -> tuple[str, str, str]:
        self.size += 1
        text = repr(value)
        if isinstance(value, str | bytes):
            if len(value) > 1:
                self.shapes.setdefault("text " + text[:60])
        elif isinstance(value, int | float | complex) and text not in _PLAIN_NUMBERS:
            self.shapes.setdefault("number " + text[:40])
        return text, text[:40], text[:40]

    def _parts(self, node: ast.AST) -> tuple[str, list[_Piece]]:
        """A node's label and the children that carry meaning; equivalent forms get the same label."""
        match node:
            case ast.Module(body=body):
                statements = self._body(body)
                if len(statements) == 1 and isinstance(statements[0], _DEFINITIONS):
                    return self._parts(statements[0])
                return "module", statements
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return "def", self._definition(node)
            case ast.Lambda(args=arguments, body=value):
                return "lambda", [*_parameters(arguments), value]
            case ast.ClassDef(name=name, bases=bases, body=body):
                self._number(name)
                return "class", [*bases, *self._body(body)]
            case ast.For() | ast.AsyncFor():
                rest = [*self._body(node.body), *self._body(node.orelse)]
                return "loop", [("for", [node.target, node.iter]), *rest]
            case ast.While(test=test, body=body, orelse=orelse):
                return "repeat", [("if", [test]), *self._body(body), *self._body(orelse)]
            case ast.If(test=test, body=body, orelse=orelse):
                return "choice", [("if", [test]), *self._body(body), *self._body(orelse)]
            case ast.IfExp(test=test, body=one, orelse=other):
                return "choice", [("if", [test]), one, other]
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return "gather", [*_generators(node.generators), ("element", [node.elt])]
            case ast.DictComp(key=key, value=value, generators=generators):
                return "gather", [*_generators(generators), ("pair", [key, value])]
            case ast.With() | ast.AsyncWith():
                return "with", [*node.items, *self._body(node.body)]
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                rest = [*self._body(orelse), *self._body(final)]
                return "try", [*self._body(body), *handlers, *rest]
            case ast.ExceptHandler(type=kind, body=body):
                return "except", [*_present(kind), *self._body(body)]
            case ast.Call(func=ast.Attribute(attr="append" | "add"), args=[value], keywords=[]):
                return "element", [value]
            case ast.Call(func=function, args=args, keywords=keywords):
                return "call", [function, *args, *keywords]
            case ast.keyword(arg=name, value=value):
                return f"{name}=", [value]
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                return ".self", []
            case ast.Attribute(value=value, attr=name):
                return "." + name, [value]
            case ast.Expr(value=value):
                return "do", [value]
            case ast.AnnAssign(target=target, value=value):
                return "Assign", [target, *_present(value)]
            case ast.AugAssign(target=target, op=operator, value=value):
                return "Assign", [target, (_label(operator), [target, value])]
            case ast.BinOp(left=left, op=operator, right=right):
                return _label(operator), [left, right]
            case ast.BoolOp(op=operator, values=values):
                return _label(operator), list(values)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
                return "minus", [ast.Constant(value)]
            case ast.UnaryOp(op=operator, operand=operand):
                return _label(operator), [operand]
            case ast.Compare(left=left, ops=operators, comparators=others):
                return _comparison(operators, [left, *others])
        return _label(node), [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[_Piece]:
        self._number(node.name)
        return [*_parameters(node.args), *self._body(node.body)]

    def _body(self, body: list[ast.stmt]) -> list[_Piece]:
        """The statements without imports, `pass` and bare strings; records the imports' names and the strings."""
        kept: list[_Piece] = []
        for statement in body:
            match statement:
                case ast.Import(names=names):
                    for alias in names:
                        self._modules[alias.asname or alias.name.split(".")[0]] = alias.name
                case ast.ImportFrom(names=names):
                    for alias in names:
                        self._modules[alias.asname or alias.name] = alias.name
                case ast.Expr(value=ast.Constant(value=str(text))):
                    self.prose.append(text)
                case ast.Pass() | ast.Global() | ast.Nonlocal():
                    pass
                case _:
                    kept.append(statement)
        return kept


_PLAIN_NUMBERS = frozenset({"0", "1", "2", "True", "False"})


def _label(node: ast.AST) -> str:
    return type(node).__name__


def _present(node: ast.AST | None) -> list[_Piece]:
    return [] if node is None else [node]


def _parameters(arguments: ast.arguments) -> list[_Piece]:
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    starred = [name for name in (arguments.vararg, arguments.kwarg) if name]
    defaults = [value for value in (*arguments.defaults, *arguments.kw_defaults) if value]
    return [*names, *starred, *defaults]


def _generators(generators: Iterable[ast.comprehension]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for generator in generators:
        pieces.append(("for", [generator.target, generator.iter]))
        pieces.extend(("if", [test]) for test in generator.ifs)
    return pieces


def _comparison(operators: list[ast.cmpop], sides: list[ast.expr]) -> tuple[str, list[_Piece]]:
    labels = [_label(operator) for operator in operators]
    if all(label in _MIRRORED for label in labels):
        return "-".join(_MIRRORED[label] for label in reversed(labels)), list(reversed(sides))
    return "-".join(labels), list(sides)
