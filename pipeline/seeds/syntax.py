"""Python syntax trees by tree-sitter: one grammar for every version of Python, and trees of broken files as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Range

_PYTHON = Language(tree_sitter_python.language())
_TYPE_PARAMETERS = re.compile(rb"^[ \t]*(?:(?:async[ \t]+)?def|class|type)[ \t]+\w+[ \t]*\[", re.MULTILINE)
_DEFINES = re.compile(rb"@|(?:async\s+)?def\s|class\s")


def parse(source: bytes) -> list[Node]:
    """The roots of a source's trees; text that cannot be parsed is in them as ERROR and missing nodes.

    A source without an error gives one tree. Otherwise each top-level definition, and the text between two
    definitions, is parsed on its own, so that an error cannot affect its neighbours.
    """
    whole = Parser(_PYTHON).parse(source).root_node
    if whole.has_error and (plain := _without_type_defaults(source)) != source:
        source = plain
        whole = Parser(_PYTHON).parse(source).root_node
    return [_only(source, block) for block in _blocks(source, whole)] if whole.has_error else [whole]


def _without_type_defaults(source: bytes) -> bytes:
    """The source with spaces for the defaults of type parameters (PEP 696), which the grammar does not know."""
    masked = bytearray(source)
    for header in _TYPE_PARAMETERS.finditer(source):
        depth, default = 1, False
        for place in range(header.end(), len(source)):
            character = source[place : place + 1]
            depth += (character in b"[(") - (character in b"])")
            if not depth:
                break
            if depth == 1 and character in b"=,":
                default = character == b"="
            if default and character != b"\n":
                masked[place] = ord(" ")
    return bytes(masked)


def _only(source: bytes, block: Range) -> Node:
    """The tree of a part of a source, with positions in the whole."""
    return Parser(_PYTHON, included_ranges=[block]).parse(source).root_node


def _blocks(source: bytes, whole: Node) -> Iterator[Range]:
    """The source, cut before each line that begins a definition at the margin; decorators belong to the definition.

    `whole` is its tree: a line in a string is text and begins nothing.
    """
    lines = source.split(b"\n")
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    starts, decorated = [0], False
    for row, line in enumerate(lines):
        defines = bool(_DEFINES.match(line)) and not _in_string(whole, offsets[row])
        if row and defines and not decorated:
            starts.append(row)
        decorated = (defines and line.startswith(b"@")) or (decorated and not defines)
    for first, after in pairwise([*starts, len(lines)]):
        end = min(offsets[after], len(source))
        yield Range((first, 0), (after, 0), offsets[first], end)


def _in_string(whole: Node, offset: int) -> bool:
    """Whether the character at this offset is inside a string that ends; one that does not would hide all after it."""
    node = whole.descendant_for_byte_range(offset, offset + 1)
    while node is not None and node.type != "string":
        node = node.parent
    return node is not None and node.start_byte < offset and any(child.type == "string_end" for child in node.children)


@lru_cache(maxsize=64)
def _query(pattern: str) -> Query:
    query: Query = Query(_PYTHON, pattern)
    return query


def captures(pattern: str, node: Node) -> dict[str, list[Node]]:
    """The nodes in `node` that a tree-sitter query captures, by capture name."""
    by_name: dict[str, list[Node]] = QueryCursor(_query(pattern)).captures(node)
    return by_name


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
    identifiers = []
    declared = function.child_by_field_name("parameters")
    for parameter in declared.named_children if declared is not None else ():
        node: Node | None = parameter
        while node is not None and node.type != "identifier":
            # The field `name` of a parameter with a default; the first child of a typed or starred one.
            named = node.child_by_field_name("name")
            node = named or (node.named_children[0] if node.named_children else None)
        if node is not None:
            identifiers.append(node)
    return identifiers
