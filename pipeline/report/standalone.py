"""A plot of the report by itself, for notebooks and files: the page's colours are written into it."""

from __future__ import annotations

import re
from pathlib import Path

_STYLE = Path(__file__).parent / "assets" / "report.css"


class Svg(str):
    """An SVG image as text, which notebooks show as an image."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)


def standalone(plot: str) -> Svg:
    """The plot with the colours of the page's light theme instead of their names."""
    root = _STYLE.read_text(encoding="utf-8").partition("}")[0]
    colours = dict(re.findall(r"--(\w+): *([^;]+);", root))
    return Svg(re.sub(r"var\(--(\w+)\)", lambda name: colours.get(name[1], name[0]), plot))
