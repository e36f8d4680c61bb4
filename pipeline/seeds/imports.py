"""The imports of a module, and those that a definition in it needs to run on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from pipeline.seeds.syntax import captures, parameters, text_of, undecorated

_STATEMENTS = "[(import_statement) (import_from_statement)] @import"
_NAMES = """
(identifier) @name
(attribute attribute: (identifier) @not)
(keyword_argument name: (identifier) @not)
"""
# A function's local names: they hide imports of the same name.
_LOCAL = """
(assignment left: (identifier) @local)
(for_statement left: (identifier) @local)
(as_pattern_target (identifier) @local)
"""
# Blocks at module level whose imports bind names of the module: try, except, if TYPE_CHECKING and the like.
_TRANSPARENT = frozenset(
    {
        "try_statement", "except_clause", "finally_clause",
        "if_statement", "elif_clause", "else_clause", "block",
    }
)  # fmt: skip


class Imports:
    """The names that a module's imports bind; of two imports of one name (try, except) the first counts."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self._bound: dict[str, tuple[int, str, str]] = {}
        statements = (statement for root in roots for statement in _module_level(root))
        for number, statement in enumerate(statements):
            source = text_of(statement.child_by_field_name("module_name"))
            for entry in statement.children_by_field_name("name"):
                name, shown = _binding(entry, dotted=not source)
                self._bound.setdefault(name, (number, source, shown))

    def used_by(self, *nodes: Node) -> tuple[str, ...]:
        """The import statements, in the module's order, that bind a name which these nodes use."""
        used: dict[tuple[int, str], list[str]] = {}
        names = used_names(*nodes)
        for name, (number, source, shown) in self._bound.items():
            if name in names:
                used.setdefault((number, source), []).append(shown)
        statements = []
        for (_, source), entries in used.items():
            if source:
                statements.append(f"from {source} import {', '.join(entries)}")
            else:
                statements += [f"import {entry}" for entry in entries]
        return tuple(dict.fromkeys(statements))


def modules_of(statement: Node) -> list[str]:
    """The modules that an import statement names, as written: `os.path`, `.sibling`."""
    source = statement.child_by_field_name("module_name")
    if source is not None:
        return [text_of(source)]
    return [text_of(entry.child_by_field_name("name") or entry) for entry in statement.children_by_field_name("name")]


def statements_in(node: Node) -> list[Node]:
    """Import statements anywhere in a node."""
    return captures(_STATEMENTS, node).get("import", [])


def _module_level(node: Node) -> Iterator[Node]:
    # A stack of its own, because blocks may be nested more deeply than Python's calls.
    pending = node.children[::-1]
    while pending:
        child = pending.pop()
        if child.type in ("import_statement", "import_from_statement"):
            yield child
        elif child.type in _TRANSPARENT:
            pending += child.children[::-1]


def _binding(entry: Node, dotted: bool) -> tuple[str, str]:
    """The name that one entry of an import binds, and the entry as it is written."""
    shown = " ".join(text_of(entry).split())
    alias = entry.child_by_field_name("alias")
    if alias is not None:
        return text_of(alias), shown
    return (shown.split(".")[0] if dotted else shown), shown


def used_names(*nodes: Node) -> set[str]:
    """Names that these nodes use and do not define; attributes and keywords of calls do not count."""
    names: set[str] = set()
    for node in nodes:
        caught = captures(_NAMES, node)
        local, body = _local_names(undecorated(node))
        others = {other.id for other in (*caught.get("not", ()), *local)}
        hidden = {text_of(name) for name in local}
        for name in caught.get("name", ()):
            inside = body is not None and body.start_byte <= name.start_byte < body.end_byte
            if name.id not in others and not (inside and text_of(name) in hidden):
                names.add(text_of(name))
    return names


def _local_names(node: Node) -> tuple[list[Node], Node | None]:
    """The parameters and locals of a function, and its body; nothing for any other node."""
    if node.type != "function_definition":
        return [], None
    body = node.child_by_field_name("body")
    local = captures(_LOCAL, body).get("local", []) if body is not None else []
    return [*parameters(node), *local], body
