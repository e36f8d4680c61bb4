"""Finds the definitions in Python source: the functions, methods and classes of a file that may become seeds.

The source is parsed with tree-sitter, never executed: a syntax error costs the definition that it is in and
not its neighbours, and syntax newer than the running interpreter is read like any other, so a file gives
the same definitions under every Python. rules.py decides which definitions become seeds.

A seed's code is the imports that it uses (imports.py), two blank lines, and the definition's own lines; a
method stands in its class's header. Where wanted, what it needs of its module and class stands before (helpers.py).
Equal code is the same seed in every place.
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
from pipeline.seeds.helpers import Helpers, members_needed
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
    """A function, method or class. Lines are those of the file, counted from 1, inclusive, with decorators.

    `context` are the nodes of all that its text holds, its own among them; `carried` counts the lines of the others.
    """

    name: str
    kind: str
    first_line: int
    last_line: int
    node: Node
    body: str
    module: Imports
    context: tuple[Node, ...]
    carried: int = 0

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
        return digest_of(self.code)

    @property
    def id(self) -> str:
        """The seed's id: the first 16 hex digits of the digest."""
        return self.digest[:SEED_ID_CHARS]


def digest_of(code: str) -> str:
    """sha256 of a seed's code in hex."""
    return hashlib.sha256(code.encode()).hexdigest()


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


def definitions(text: str, kinds: frozenset[str], with_helpers: bool = False) -> Iterator[Definition | Unparsed]:
    """The definitions of these kinds in a file, in order, and its top-level syntax errors.

    `with_helpers` puts before each what it needs of its own module, and into a method's class what it needs of it.
    """
    source = text.encode()
    roots = parse(source)
    lines = source.split(b"\n")
    imports = Imports(roots)
    statements = [child for root in roots for child in _statements(root)]
    helpers = Helpers(statements if with_helpers else ())

    def shown(*nodes: Node, apart: str = "") -> str:
        """The own lines of statements; `apart` stands before and after those that are definitions."""
        text, after = "", ""
        for node in nodes:
            rows = lines[node.start_point[0] : _last_row(node) + 1]
            before = apart if undecorated(node).type in _DEFINITIONS else ""
            text += max(before, after) if text else ""
            text += "".join(line.decode().rstrip() + "\n" for line in rows)
            after = before
        return text

    for node in statements:
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
            body, context, others = shown(outer), [outer], ""
            if header is not None:
                name = f"{text_of(header.child_by_field_name('name'))}.{name}"
                members = members_needed(header, outer) if with_helpers else []
                parts = sorted([outer, *members], key=lambda part: part.start_byte)
                decorators = [part for part in node.children if part.type == "decorator"] if members else []
                body = shown(*decorators) + _header_text(source, header) + shown(*parts, apart="\n")
                others = shown(*decorators, *members)
                context += [*header.children_by_field_name("superclasses"), *decorators, *members]
            # A method's class is in its own text.
            needed = [part for part in helpers.needed_by(context) if part.id != node.id]
            before = shown(*needed, apart="\n\n") + "\n\n" if needed else ""
            carried = (before + others).count("\n")
            context += needed
            yield Definition(name, kind, first + 1, last + 1, inner, before + body, imports, tuple(context), carried)


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


def _header_text(source: bytes, node: Node) -> str:
    """A class statement up to its colon, on one line, as it stands in the source."""
    parts = (node.child_by_field_name(field) for field in ("name", "type_parameters", "superclasses"))
    texts = (source[part.start_byte : part.end_byte].decode() for part in parts if part is not None)
    return " ".join(f"class {''.join(texts)}:".split()) + "\n"
