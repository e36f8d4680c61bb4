"""What a definition needs of its own module and class: helper functions and classes, constants, fields, own methods.

A name counts as needed where the definition uses it and does not bind it itself; what a helper needs is needed as well.
Of two bindings of a name the last counts, as it does when the module runs. Names that are bound in any other way than
by a definition or an assignment of one name (loops, imports with a star) are not found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from pipeline.seeds.imports import used_names
from pipeline.seeds.syntax import captures, text_of, undecorated

_DEFINITIONS = ("function_definition", "class_definition")
_OF_OBJECT = """
(attribute object: (identifier) @object attribute: (identifier) @name (#match? @object "^(self|cls)$"))
"""
# Methods without which an object of the class cannot be made.
_MAKING = frozenset({"__init__", "__new__", "__post_init__"})


class Helpers:
    """The definitions and constants of a module, by name."""

    def __init__(self, statements: Iterable[Node]) -> None:
        self._bound = {name: node for node in statements if not node.has_error and (name := _name(node))}

    def needed_by(self, nodes: Iterable[Node]) -> list[Node]:
        """The statements of the module that these nodes need, in the module's order, the nodes themselves left out."""
        return _closure(nodes, lambda node: (self._bound.get(name) for name in used_names(node)))


def members_needed(class_: Node, method: Node) -> list[Node]:
    """The statements of a class that a method of it needs, in their order: fields, constructors, what it uses of self.

    The method itself is left out.
    """
    block = class_.child_by_field_name("body")
    members = {name: node for node in (block.children if block is not None else ()) if (name := _name(node))}
    made = [node for name, node in members.items() if name in _MAKING or not _is_definition(node)]

    def used(node: Node) -> Iterable[Node | None]:
        return (members.get(text_of(name)) for name in captures(_OF_OBJECT, node).get("name", ()))

    started = {node.id: node for node in made if node.id != method.id and not node.has_error}
    found = _closure([method, *started.values()], used)
    return sorted({**started, **{node.id: node for node in found}}.values(), key=lambda node: node.start_byte)


def _closure(nodes: Iterable[Node], needs: Callable[[Node], Iterable[Node | None]]) -> list[Node]:
    pending = list(nodes)
    given = {node.id for node in pending}
    found: dict[int, Node] = {}
    while pending:
        for node in needs(pending.pop()):
            if node is not None and node.id not in given and node.id not in found and not node.has_error:
                found[node.id] = node
                pending.append(node)
    return sorted(found.values(), key=lambda node: node.start_byte)


def _is_definition(node: Node) -> bool:
    return undecorated(node).type in _DEFINITIONS


def _name(node: Node) -> str:
    """The name that a statement binds; empty for any other statement."""
    if _is_definition(node):
        return text_of(undecorated(node).child_by_field_name("name"))
    if node.type == "type_alias_statement":
        left = node.child_by_field_name("left")
        return text_of(left).partition("[")[0].strip()
    if node.type == "expression_statement" and len(node.named_children) == 1:
        assignment = node.named_children[0]
        left = assignment.child_by_field_name("left") if assignment.type == "assignment" else None
        return text_of(left) if left is not None and left.type == "identifier" else ""
    return ""
