"""Draws the map of concepts: a force-directed graph as SVG, a Vega specification drawn by vl-convert.

Colours and descriptions are those of `charts`. The layout is computed while drawing, so that the page needs no
script for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import vl_convert
from markupsafe import Markup

from pipeline.report.charts import FONT, RATE_COLOURS, RATE_STEPS, label
from pipeline.report.figures import Figures

_MOST_CONCEPTS = 45
_LINKS = 2  # that each concept has at least, where there are as many


def concept_map(figures: Figures) -> Markup:
    """The most frequent concepts; those that instructions name together are linked and lie close."""
    frequent = sorted(figures.instructions, key=lambda name: (-figures.instructions[name], name))
    frequent = frequent[:_MOST_CONCEPTS]
    largest = max(figures.instructions.values(), default=1)
    nodes = []
    for name in frequent:
        count, passes = figures.instructions[name], figures.passes["concept"][name]
        tip = f"{label(name)}: {count:,} instructions, {passes.rate:.0%} of {passes.run:,} programs passed"
        share = (count / largest) ** 0.5
        nodes.append({"name": label(name), "share": share, "rate": passes.rate, "tip": tip})
    links = [
        {"source": frequent.index(one), "target": frequent.index(other), "count": count}
        for one, other, count in _strongest(figures, frequent)
    ]
    return Markup(vl_convert.vega_to_svg(_specification(nodes, links)))


def _strongest(figures: Figures, names: Sequence[str]) -> list[tuple[str, str, int]]:
    """Each concept's strongest links: pairs that occur together more often than by chance."""
    shown = set(names)
    weights: dict[str, list[tuple[float, tuple[str, str], int]]] = {name: [] for name in names}
    for (one, other), count in figures.pairs.items():
        if one in shown and other in shown:
            lift = count / (figures.instructions[one] * figures.instructions[other]) ** 0.5
            weights[one].append((lift, (one, other), count))
            weights[other].append((lift, (one, other), count))
    chosen = {
        (pair, count) for of_name in weights.values() for _, pair, count in sorted(of_name, reverse=True)[:_LINKS]
    }
    return [(one, other, count) for (one, other), count in sorted(chosen)]


def _specification(nodes: list[dict[str, Any]], links: list[dict[str, Any]]) -> dict[str, Any]:
    width, height = 980, 600
    force = {
        "type": "force", "static": True, "iterations": 300,
        "forces": [
            {"force": "center", "x": width / 2, "y": height / 2},
            {"force": "collide", "radius": {"expr": "44 + 16 * datum.datum.share"}, "iterations": 4},
            {"force": "nbody", "strength": -160},
            {"force": "link", "links": "links", "distance": 80},
            {"force": "x", "x": {"expr": "width / 2"}, "strength": 0.03},
            {"force": "y", "y": {"expr": "height / 2"}, "strength": 0.1},
        ],
    }  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega/v5.json",
        "width": width, "height": height, "padding": 30,
        "config": {"text": {"font": FONT}},
        "data": [{"name": "nodes", "values": nodes}, {"name": "links", "values": links}],
        "scales": [
            {"name": "rate", "type": "threshold", "domain": RATE_STEPS, "range": RATE_COLOURS}
        ],
        "marks": [
            {
                "name": "dots", "type": "symbol", "zindex": 1, "from": {"data": "nodes"},
                "encode": {"update": {
                    "size": {"signal": "60 + 900 * datum.share * datum.share"},
                    "fill": {"scale": "rate", "field": "rate"},
                    "stroke": {"value": "var(--card)"}, "strokeWidth": {"value": 1.5},
                    "description": {"field": "tip"},
                }},
                "transform": [force],
            },
            {
                "type": "path", "from": {"data": "links"}, "aria": False,
                "encode": {"update": {
                    "stroke": {"value": "var(--line)"}, "strokeWidth": {"value": 1.2},
                }},
                "transform": [{
                    "type": "linkpath", "shape": "line",
                    "sourceX": "datum.source.x", "sourceY": "datum.source.y",
                    "targetX": "datum.target.x", "targetY": "datum.target.y",
                }],
            },
            {
                "type": "text", "zindex": 2, "from": {"data": "dots"}, "aria": False,
                "encode": {"update": {
                    "text": {"field": "datum.name"}, "x": {"field": "x"},
                    "y": {"signal": "datum.y + 7 + 17 * datum.datum.share"},
                    "baseline": {"value": "top"}, "align": {"value": "center"},
                    "fontSize": {"signal": "11 + 2 * datum.datum.share"},
                    "fill": {"value": "var(--ink)"}, "limit": {"value": 150},
                }},
            },
        ],
    }  # fmt: skip
