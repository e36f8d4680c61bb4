"""Finds the definitions in Python source: the functions, methods and classes of a file that may become seeds.

The source is parsed with tree-sitter, never executed: a syntax error costs the definition that it is in and
not its neighbours, and syntax newer than the running interpreter is read like any other, so a file gives
the same definitions under every Python. rules.py decides which definitions become seeds.

A seed's code is the imports that it uses (imports.py), two blank lines, and the definition's own lines; a
method stands in its class's header. Equal code is the same seed in every place.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from pipeline.records import Rejection, Rules
from pipeline.seeds.imports import Imports
from pipeline.seeds.syntax import parse, text_of, undecorated

FUNCTIONS, METHODS, CLASSES = "functions", "methods", "classes"
KINDS = (FUNCTIONS, METHODS, CLASSES)
SEED_ID_CHARS = 16

_DEFINITIONS = {"function_definition": FUNCTIONS, "class_definition": CLASSES}


RULES: Rules = {
    "not_utf8": "The file's bytes are not text in the encoding that the file declares.",
    "not_python": "The file has NUL bytes.",
    "syntax_error": "The definition, or a statement at the top level of the file, cannot be parsed.",
}


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A statement at the top level of a file that cannot be parsed; lines count from 1."""

    first_line: int
    rejection: Rejection


@dataclass(frozen=True)
class Definition:
    """A function, method or class. Lines are those of the file, counted from 1, inclusive, with decorators."""

    name: str
    kind: str
    first_line: int
    last_line: int
    node: Node
    body: str
    module: Imports
    context: tuple[Node, ...]

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The import statements that the definition needs."""
        return self.module.used_by(*self.context)

    @cached_property
    def code(self) -> str:
        """The imports that the definition needs and its own text: what prompts show."""
        if not self.imports:
            return self.body
        return "\n".join(self.imports) + "\n\n\n" + self.body

    @cached_property
    def digest(self) -> str:
        """sha256 of the code in hex."""
        return hashlib.sha256(self.code.encode()).hexdigest()

    @property
    def id(self) -> str:
        """The seed's id: the first 16 hex digits of the digest."""
        return self.digest[:SEED_ID_CHARS]


def decode(content: bytes) -> str | Rejection:
    """The text of a Python file in the encoding that it declares (PEP 263), with line ends as newlines."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Rejection("not_utf8", "starts with a UTF-16 byte order mark")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
        # Codecs such as utf-7 and unicode_escape yield lone surrogates, which no file can hold.
        text.encode()
    except (SyntaxError, ValueError, LookupError) as error:
        # A codec may raise UnicodeError itself (undefined, punycode), which is a ValueError.
        return Rejection("not_utf8", _printable(error))
    if "\0" in text:
        return Rejection("not_python", "source has NUL bytes")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _printable(error: Exception) -> str:
    """The start of an error's message, without characters that UTF-8 cannot hold."""
    return str(error)[:200].encode(errors="replace").decode()


def definitions(text: str, kinds: frozenset[str]) -> Iterator[Definition | Unparsed]:
    """The definitions of these kinds in a file, in order, and its top-level syntax errors."""
    source = text.encode()
    roots = parse(source)
    lines = source.split(b"\n")
    imports = Imports(roots)
    for node in (child for root in roots for child in _statements(root)):
        if node.has_error and undecorated(node).type not in _DEFINITIONS:
            row = node.start_point[0]
            evidence = lines[row].decode(errors="replace").strip()[:200]
            yield Unparsed(row + 1, Rejection("syntax_error", evidence))
        for kind, header, outer in _candidates(node):
            if kind not in kinds:
                continue
            inner = undecorated(outer)
            first, last = outer.start_point[0], _last_row(outer)
            name = text_of(inner.child_by_field_name("name"))
            body = "".join(line.decode().rstrip() + "\n" for line in lines[first : last + 1])
            context = [outer]
            if header is not None:
                name = f"{text_of(header.child_by_field_name('name'))}.{name}"
                body = _header_text(header) + body
                context += header.children_by_field_name("superclasses")
            yield Definition(name, kind, first + 1, last + 1, inner, body, imports, tuple(context))


def _statements(root: Node) -> list[Node]:
    """Top-level statements; the root itself where all of the tree is an error."""
    return [root] if root.type == "ERROR" else root.children


def _candidates(node: Node) -> Iterator[tuple[str, Node | None, Node]]:
    """(kind, enclosing class, node with decorators) of a top-level statement and of a class's methods."""
    inner = undecorated(node)
    kind = _DEFINITIONS.get(inner.type)
    if kind is None:
        return
    yield kind, None, node
    block = inner.child_by_field_name("body")
    if kind == CLASSES and block is not None:
        for child in block.children:
            if undecorated(child).type == "function_definition":
                yield METHODS, inner, child


def _last_row(node: Node) -> int:
    """The last row in which a node has characters; rows count from 0."""
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point[0] else row


def _header_text(node: Node) -> str:
    """A class statement up to its colon, on one line."""
    bases = node.child_by_field_name("superclasses")
    return " ".join(f"class {text_of(node.child_by_field_name('name'))}{text_of(bases)}:".split()) + "\n"
