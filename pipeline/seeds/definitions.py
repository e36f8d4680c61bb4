"""Python source to definitions: the functions, methods and classes of a file that may become seeds.

The source is parsed with tree-sitter, never executed: a syntax error costs the definition that it is in and
not its neighbours, and syntax newer than the running interpreter is read like any other, so a file gives
the same definitions under every Python. Whether a definition makes a seed is judged in filters.py.

A seed's code is the imports that it uses (imports.py), a blank line or two, and the definition's own lines; a
method stands in its class's header. Equal code is the same seed wherever it stands.
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

from pipeline.seeds.imports import Imports
from pipeline.seeds.syntax import parse, text_of, undecorated

FUNCTIONS, METHODS, CLASSES = "functions", "methods", "classes"
KINDS = (FUNCTIONS, METHODS, CLASSES)
SEED_ID_CHARS = 16

_DEFINITIONS = {"function_definition": FUNCTIONS, "class_definition": CLASSES}


@dataclass(frozen=True, slots=True)
class Dropped:
    """A definition or a whole file (`name` empty) that is no seed, and why."""

    name: str
    first_line: int
    rule: str
    evidence: str


@dataclass(frozen=True)
class Definition:
    """A function, method or class; lines are those of the file, 1-based, inclusive, with decorators."""

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
        """The import statements that it needs."""
        return self.module.used_by(*self.context)

    @cached_property
    def code(self) -> str:
        """The imports it needs and its own text: what prompts show."""
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


def decode(content: bytes) -> str | Dropped:
    """The text of a Python file in the encoding that it declares (PEP 263), or why it has none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Dropped("", 0, "not_utf8", "starts with a UTF-16 byte order mark")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except SyntaxError as error:
        return Dropped("", 0, "not_utf8", str(error)[:200])
    except (UnicodeDecodeError, LookupError) as error:
        return Dropped("", 0, "not_utf8", str(error)[:200])
    if "\0" in text:
        return Dropped("", 0, "not_python", "source has NUL bytes")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def definitions(text: str, kinds: frozenset[str]) -> Iterator[Definition | Dropped]:
    """The definitions of these kinds in a file, in order, and its top-level syntax errors."""
    source = text.encode()
    roots = parse(source)
    lines = source.split(b"\n")
    imports = Imports(roots)
    for node in (child for root in roots for child in _statements(root)):
        if node.has_error and undecorated(node).type not in _DEFINITIONS:
            row = node.start_point[0]
            evidence = lines[row].decode(errors="replace").strip()[:200]
            yield Dropped("", row + 1, "syntax_error", evidence)
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
    """Top-level statements; all of what is nothing but an error."""
    return [root] if root.type == "ERROR" else root.children


def _candidates(node: Node) -> Iterator[tuple[str, Node | None, Node]]:
    """(kind, class around it, node with decorators) of a top-level statement and of a class's methods."""
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
    """The last row that a node has characters in."""
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point[0] else row


def _header_text(node: Node) -> str:
    """A class statement up to its colon, on one line."""
    bases = node.child_by_field_name("superclasses")
    return (
        " ".join(f"class {text_of(node.child_by_field_name('name'))}{text_of(bases)}:".split())
        + "\n"
    )
