"""Python's syntax tree, by tree-sitter: one grammar for every version, and trees of broken files as well."""

from __future__ import annotations

from functools import lru_cache

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

_PYTHON = Language(tree_sitter_python.language())


def parse(source: bytes) -> Node:
    """The root of a source's tree; what cannot be understood is in it as ERROR and missing nodes."""
    return Parser(_PYTHON).parse(source).root_node


@lru_cache(maxsize=64)
def _query(pattern: str) -> Query:
    return Query(_PYTHON, pattern)


def captures(pattern: str, node: Node) -> dict[str, list[Node]]:
    """The nodes in `node` that a tree-sitter query captures, by capture name."""
    return QueryCursor(_query(pattern)).captures(node)


def text_of(node: Node | None) -> str:
    """The source text of a node; empty for none."""
    return node.text.decode() if node is not None and node.text is not None else ""


def undecorated(node: Node) -> Node:
    """A definition without its decorators; any other node is returned as it is."""
    if node.type == "decorated_definition":
        return node.child_by_field_name("definition") or node
    return node


def parameters(function: Node) -> list[Node]:
    """The identifiers of a function's parameters, in order."""
    found = []
    declared = function.child_by_field_name("parameters")
    for parameter in declared.named_children if declared is not None else ():
        node: Node | None = parameter
        while node is not None and node.type != "identifier":
            # name: of one with a default; the first child of a typed or starred one.
            named = node.child_by_field_name("name")
            node = named or (node.named_children[0] if node.named_children else None)
        if node is not None:
            found.append(node)
    return found
