"""The plots of the report, as SVG: Vega-Lite and Vega specifications, drawn by vl-convert.

Colours are custom properties of the page's style sheet, so that one drawing serves light and dark. Every mark
carries a description, which screen readers read and the page's script shows as a tip. Texts of a dataset stand
in the data of a specification alone: of a list to sort by, Vega-Lite would make an expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import vl_convert
from markupsafe import Markup

from pipeline.report.figures import Figures, Passes

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_CONFIG = {
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)", "titleColor": "var(--soft)", "gridColor": "var(--line)",
        "tickColor": "var(--line)", "domain": False, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "labelLimit": 190, "labelPadding": 6, "tickSize": 0,
    },
    "legend": {
        "labelColor": "var(--soft)", "titleColor": "var(--soft)", "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal", "orient": "top", "title": None,
        "symbolType": "square",
    },
    "header": {"labelColor": "var(--soft)", "labelFontSize": 12, "title": None},
    "text": {"color": "var(--ink)", "fontSize": 12},
}  # fmt: skip
# Pass rates as colours: below each of these shares, a step of the scale.
_RATE_STEPS = (0.25, 0.5, 0.7, 0.9)
_RATE_COLOURS = [f"var(--rate{step})" for step in range(len(_RATE_STEPS) + 1)]
MOST_CONCEPTS = 30
_MAP_CONCEPTS = 45
_LINKS = 2
_BINS = 30
_LABEL_CHARS = 80


def funnel(counts: dict[str, dict[str, Any]]) -> Markup:
    """Units in at each stage, split into kept and rejected."""
    values = [
        {
            "stage": stage,
            "fate": fate,
            "units": of_stage[fate],
            "tip": f"{stage}: {of_stage[fate]:,} of {of_stage['in']:,} {fate}",
        }
        for stage, of_stage in counts.items()
        for fate in ("kept", "rejected")
    ]
    totals = [
        {"stage": stage, "units": of_stage["in"], "text": _kept_text(of_stage)}
        for stage, of_stage in counts.items()
    ]
    bars = {
        "data": {"values": values},
        "mark": {"type": "bar", "height": 20, "cornerRadius": 2},
        "encoding": {
            "y": {"field": "stage", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "units", "type": "quantitative", "title": None, "stack": "zero",
                  "axis": {"tickCount": 5, "format": "~s"}},
            "color": _colours(["kept", "rejected"], ["var(--accent)", "var(--faint)"], "fate"),
            "order": {"field": "fate", "type": "nominal"},
            "description": {"field": "tip"},
        },
    }  # fmt: skip
    texts = {
        "data": {"values": totals},
        "mark": {"type": "text", "align": "left", "dx": 6, "aria": False},
        "encoding": {
            "y": {"field": "stage", "type": "nominal", "sort": None},
            "x": {"field": "units", "type": "quantitative"},
            "text": {"field": "text"},
        },
    }
    return _lite({"width": 780, "height": {"step": 32}, "layer": [bars, texts]})


def _kept_text(counts: dict[str, Any]) -> str:
    share = f" ({counts['kept'] / counts['in']:.0%})" if counts["in"] else ""
    return f"{counts['kept']:,}{share}"


def pass_rates(passes: dict[str, Passes], width: int = 320) -> Markup:
    """The share of passing programs, one bar a value; values with the most programs first."""
    values = [
        {"value": label(value), "rate": of_value.rate, "text": f"{of_value.rate:.0%} of {of_value.run:,}",
         "tip": f"{label(value)}: {of_value.passed:,} of {of_value.run:,} programs passed"}
        for value, of_value in most_run(passes)
    ]  # fmt: skip
    y = {"field": "value", "type": "nominal", "sort": None, "title": None}
    x = {"field": "rate", "type": "quantitative", "title": None, "scale": {"domain": [0, 1]},
         "axis": {"format": ".0%", "tickCount": 5}}  # fmt: skip
    bars = {
        "mark": {"type": "bar", "height": 15, "cornerRadius": 2},
        "encoding": {
            "y": y,
            "x": x,
            "color": {"field": "rate", "type": "quantitative", "legend": None,
                      "scale": {"type": "threshold", "domain": _RATE_STEPS, "range": _RATE_COLOURS}},
            "description": {"field": "tip"},
        },
    }  # fmt: skip
    texts = {
        "mark": {"type": "text", "align": "left", "dx": 6, "aria": False},
        "encoding": {"y": y, "x": x, "text": {"field": "text"}},
    }
    return _lite(
        {"data": {"values": values}, "width": width, "height": {"step": 24}, "layer": [bars, texts]}
    )


def label(text: str) -> str:
    """A text of a dataset as plots can bear it.

    vl-convert aborts the process at a control character, and fails where it cuts a surrogate pair in two.
    """
    seen = "".join(
        character if character.isprintable() and character <= "\uffff" else "\ufffd"
        for character in text
    )
    return seen if len(seen) <= _LABEL_CHARS else seen[:_LABEL_CHARS] + "…"


def most_run(passes: dict[str, Passes]) -> list[tuple[str, Passes]]:
    """The values with the most programs."""
    return sorted(passes.items(), key=lambda item: (-item[1].run, item[0]))[:MOST_CONCEPTS]


def lengths(columns: dict[str, list[int]]) -> Markup:
    """A histogram of each column, up to the length that one row in a hundred exceeds."""
    values = []
    for column, of_rows in columns.items():
        counts, edges = np.histogram(
            of_rows, _BINS, (0, max(1.0, float(np.percentile(of_rows, 99))))
        )
        for count, first, last in zip(counts.tolist(), edges, edges[1:], strict=False):
            tip = f"{column}: {count:,} rows of {first:.0f} to {last:.0f} characters"
            values.append(
                {
                    "column": column,
                    "first": float(first),
                    "last": float(last),
                    "rows": count,
                    "tip": tip,
                }
            )
    return _lite(
        {
            "data": {"values": values},
            "facet": {"column": {"field": "column", "type": "nominal", "sort": None}},
            "resolve": {"scale": {"x": "independent", "y": "independent"}},
            "spec": {
                "width": 270,
                "height": 150,
                "mark": {"type": "bar", "color": "var(--accent)", "binSpacing": 1},
                "encoding": {
                    "x": {"field": "first", "bin": {"binned": True}, "title": "characters",
                          "axis": {"grid": False, "tickCount": 5}},
                    "x2": {"field": "last"},
                    "y": {"field": "rows", "type": "quantitative", "title": None,
                          "axis": {"tickCount": 4}},
                    "description": {"field": "tip"},
                },
            },
        }
    )  # fmt: skip


def tokens(spent: dict[str, dict[str, float]]) -> Markup:
    """Tokens by stage: computed and shared parts of the prompts, and new ones."""
    kinds = ("new", "prompt, computed", "prompt, shared")
    values = []
    for stage, of_stage in spent.items():
        if "new_tokens" not in of_stage:
            continue
        shared = of_stage["prompt_tokens"] - of_stage["computed_prompt_tokens"]
        counts = (of_stage["new_tokens"], of_stage["computed_prompt_tokens"], shared)
        values += [
            {"stage": stage, "kind": kind, "order": order, "tokens": count,
             "tip": f"{stage}: {count:,.0f} tokens {kind}"}
            for order, (kind, count) in enumerate(zip(kinds, counts, strict=False))
        ]  # fmt: skip
    return _lite(
        {
            "data": {"values": values},
            "width": 360,
            "height": {"step": 34},
            "mark": {"type": "bar", "height": 20, "cornerRadius": 2},
            "encoding": {
                "y": {"field": "stage", "type": "nominal", "sort": None, "title": None},
                "x": {"field": "tokens", "type": "quantitative", "title": None,
                      "axis": {"format": "~s", "tickCount": 5}},
                "color": _colours(
                    list(kinds), ["var(--accent)", "var(--accent2)", "var(--faint)"], "kind"
                ),
                "order": {"field": "order"},
                "description": {"field": "tip"},
            },
        }
    )  # fmt: skip


def seconds(by_stage: dict[str, float]) -> Markup:
    """Time by stage."""
    values = [
        {"stage": stage, "minutes": value / 60, "text": duration(value),
         "tip": f"{stage}: {duration(value)}"}
        for stage, value in by_stage.items()
    ]  # fmt: skip
    y = {"field": "stage", "type": "nominal", "sort": None, "title": None}
    x = {"field": "minutes", "type": "quantitative", "title": "minutes", "axis": {"tickCount": 5}}
    bars = {
        "mark": {"type": "bar", "height": 20, "cornerRadius": 2, "color": "var(--accent)"},
        "encoding": {"y": y, "x": x, "description": {"field": "tip"}},
    }
    texts = {
        "mark": {"type": "text", "align": "left", "dx": 6, "aria": False},
        "encoding": {"y": y, "x": x, "text": {"field": "text"}},
    }
    return _lite(
        {"data": {"values": values}, "width": 360, "height": {"step": 34}, "layer": [bars, texts]}
    )


def concept_map(figures: Figures) -> Markup:
    """The most frequent concepts; those that instructions name together are linked and lie close."""
    frequent = sorted(figures.instructions, key=lambda name: (-figures.instructions[name], name))
    frequent = frequent[:_MAP_CONCEPTS]
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
    return Markup(vl_convert.vega_to_svg(_map_spec(nodes, links)))


def _strongest(figures: Figures, names: Sequence[str]) -> list[tuple[str, str, int]]:
    """Each concept's strongest links: pairs that occur together more often than by chance."""
    known = set(names)
    weights: dict[str, list[tuple[float, tuple[str, str], int]]] = {name: [] for name in names}
    for (one, other), count in figures.pairs.items():
        if one in known and other in known:
            lift = count / (figures.instructions[one] * figures.instructions[other]) ** 0.5
            weights[one].append((lift, (one, other), count))
            weights[other].append((lift, (one, other), count))
    chosen = {
        (pair, count)
        for of_name in weights.values()
        for _, pair, count in sorted(of_name, reverse=True)[:_LINKS]
    }
    return [(one, other, count) for (one, other), count in sorted(chosen)]


def _map_spec(nodes: list[dict[str, Any]], links: list[dict[str, Any]]) -> dict[str, Any]:
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
        "config": {"text": {"font": _FONT}},
        "data": [{"name": "nodes", "values": nodes}, {"name": "links", "values": links}],
        "scales": [
            {"name": "rate", "type": "threshold", "domain": _RATE_STEPS, "range": _RATE_COLOURS}
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


def duration(value: float) -> str:
    """Seconds in words."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _colours(names: list[str], colours: list[str], by: str) -> dict[str, Any]:
    return {"field": by, "type": "nominal", "scale": {"domain": names, "range": colours}}


def _lite(spec: dict[str, Any]) -> Markup:
    return Markup(vl_convert.vegalite_to_svg({"$schema": _SCHEMA, "config": _CONFIG, **spec}))
