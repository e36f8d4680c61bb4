"""Renders a record of any stage with rich, field by field: code as code, long texts as blocks.

Texts of models and source files are rendered as text only, never as markup or terminal control.
"""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from pipeline.text.display import printable

_CODE = frozenset({"code", "tests"})
_LINE = 80  # characters; a longer text is a block of its own


def fields(record: dict[str, Any], colour: bool, without: Container[str] = ()) -> Iterator[RenderableType]:
    """Each field that is not empty; `colour` highlights code, which pads its lines."""
    for name, value in record.items():
        if name not in without and value not in (None, "", [], {}):
            yield _field(name, value, colour)


def _field(name: str, value: Any, colour: bool) -> RenderableType:
    if isinstance(value, list):
        items = [_within(item) if isinstance(item, dict) else str(item) for item in value]
        value = ("\n\n" if any("\n" in item for item in items) else ", ").join(items)
    text = str(value)
    if "\n" not in text and len(text) <= _LINE:
        return Text(f"  {name}: {printable(text)}")
    shown: RenderableType = Text(indented(text))
    if colour and name in _CODE:
        shown = Syntax(indented(text), "python", background_color="default")
    return Group(Text(f"  {name}:", style="dim"), shown)


def _within(record: dict[str, Any]) -> str:
    """The fields of a record that stands in another, one below the other."""
    return "\n".join(f"{name}: {value}" for name, value in record.items())


def indented(text: str) -> str:
    """A text as a block: printable, and indented more than the names of fields."""
    return textwrap.indent(printable(text).rstrip(), "    ")
