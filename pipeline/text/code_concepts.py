"""Finds programming concepts in a syntax tree, by a fixed table of nodes, calls and methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator

METHODS: dict[str, str] = {
    "join": "string joining",
    "split": "string splitting",
    "rsplit": "string splitting",
    "partition": "string splitting",
    "rpartition": "string splitting",
    "splitlines": "string splitting",
    "upper": "case conversion",
    "lower": "case conversion",
    "title": "case conversion",
    "capitalize": "case conversion",
    "startswith": "prefix and suffix check",
    "endswith": "prefix and suffix check",
    "replace": "text replacement",
    "sub": "text replacement",
    "translate": "text replacement",
    "strip": "whitespace handling",
    "lstrip": "whitespace handling",
    "rstrip": "whitespace handling",
    "append": "list building",
    "extend": "list building",
    "insert": "list building",
    "pop": "removal",
    "remove": "removal",
    "get": "dictionary lookup",
    "setdefault": "default values",
    "items": "dictionary iteration",
    "keys": "dictionary iteration",
    "values": "dictionary iteration",
    "update": "dictionaries",
    "count": "counting",
    "find": "searching",
    "rfind": "searching",
    "index": "searching",
    "search": "searching",
    "match": "pattern matching",
    "sort": "sorting",
    "reverse": "reversal",
    "format": "string formatting",
    "ljust": "padding",
    "rjust": "padding",
    "zfill": "padding",
    "center": "padding",
    "isdigit": "digits",
    "add": "sets",
    "read": "file reading",
    "write": "text output",
}


CALLS: dict[str, str] = {
    "sorted": "sorting",
    "reversed": "reversal",
    "len": "length",
    "sum": "summation",
    "max": "minimum and maximum",
    "min": "minimum and maximum",
    "abs": "absolute value",
    "any": "any and all",
    "all": "any and all",
    "set": "sets",
    "frozenset": "sets",
    "dict": "dictionaries",
    "list": "lists",
    "tuple": "tuples",
    "str": "type conversion",
    "int": "type conversion",
    "float": "type conversion",
    "repr": "string formatting",
    "range": "ranges",
    "enumerate": "enumeration",
    "zip": "pairing",
    "map": "mapping",
    "filter": "filtering",
    "isinstance": "type checks",
    "issubclass": "type checks",
    "hasattr": "attribute access",
    "getattr": "attribute access",
    "divmod": "integer division",
    "pow": "powers",
    "bin": "binary numbers",
    "ord": "characters",
    "chr": "characters",
    "open": "file reading",
    "next": "iteration",
    "iter": "iteration",
}


NODES: dict[type[ast.AST], str] = {
    ast.For: "iteration",
    ast.While: "while loop",
    ast.ListComp: "list comprehension",
    ast.DictComp: "dictionary comprehension",
    ast.SetComp: "sets",
    ast.GeneratorExp: "generator expression",
    ast.If: "conditionals",
    ast.IfExp: "conditionals",
    ast.BoolOp: "boolean logic",
    ast.AugAssign: "accumulation",
    ast.Raise: "error handling",
    ast.Try: "error handling",
    ast.JoinedStr: "string formatting",
    ast.Lambda: "lambda functions",
    ast.With: "context managers",
    ast.Dict: "dictionaries",
    ast.Slice: "slicing",
    ast.Mod: "modulo",
    ast.FloorDiv: "integer division",
    ast.Pow: "powers",
    ast.Mult: "multiplication",
    ast.Sub: "subtraction",
    ast.LShift: "binary numbers",
    ast.RShift: "binary numbers",
    ast.BitAnd: "binary numbers",
    ast.Delete: "removal",
}


FALLBACK = ("function design", "arithmetic")


def tree_concepts(code: str) -> list[str]:
    """The concepts in the syntax of the code, in the order of appearance, each once.

    Raises SyntaxError when the code does not parse.
    """
    concepts: dict[str, None] = {}
    for node in _in_order(ast.parse(code)):
        name = _concept(node)
        if name:
            concepts.setdefault(name)
    return list(concepts)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _concept(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            return METHODS.get(node.func.attr)
        if isinstance(node.func, ast.Name):
            return CALLS.get(node.func.id)
        return None
    if isinstance(node, ast.Compare):
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            return "membership test"
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            return "None checks"
        return "comparison"
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        return "indexing"
    if isinstance(node, ast.arguments) and (node.defaults or node.kw_defaults):
        return "default values"
    return NODES.get(type(node))
