"""The plots of the report, as SVG: Vega-Lite and Vega specifications, drawn by vl-convert.

Colours are custom properties of the page's style sheet, so that one drawing serves light and dark. Every mark
has a description, which screen readers read and the page's script shows as a tip. Texts of a dataset are only
in the data of a specification: a list to sort by would become an expression of Vega-Lite.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import vl_convert
from markupsafe import Markup

from pipeline.report.figures import Passes

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_CONFIG = {
    "background": None,
    "font": FONT,
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
RATE_STEPS = (0.25, 0.5, 0.7, 0.9)
RATE_COLOURS = [f"var(--rate{step})" for step in range(len(RATE_STEPS) + 1)]
MOST_CONCEPTS = 30
_BINS = 30
_LABEL_CHARS = 80


def funnel(counts: dict[str, dict[str, Any]]) -> Markup:
    """Units in at each stage, split into kept and rejected; programs that were run into passed and failed."""
    colours = {
        "kept": "var(--accent)",
        "passed": "var(--accent)",
        "failed": "var(--accent2)",
        "rejected": "var(--faint)",
    }
    values = [
        {
            "stage": stage,
            "fate": fate,
            "units": units,
            "order": list(colours).index(fate),
            "tip": f"{stage}: {units:,} of {of_stage['in']:,} {fate}",
        }
        for stage, of_stage in counts.items()
        for fate, units in _fates(of_stage).items()
    ]
    totals = [{"stage": stage, "units": of_stage["in"], "text": _text(of_stage)} for stage, of_stage in counts.items()]
    bars = {
        "data": {"values": values},
        "mark": {"type": "bar", "height": 20, "cornerRadius": 2},
        "encoding": {
            "y": {"field": "stage", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "units", "type": "quantitative", "title": None, "stack": "zero",
                  "axis": {"tickCount": 5, "format": "~s"}},
            "color": _colours(list(colours), list(colours.values()), "fate"),
            "order": {"field": "order"},
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


def _fates(counts: dict[str, Any]) -> dict[str, int]:
    if "passed" not in counts:
        return {"kept": counts["kept"], "rejected": counts["rejected"]}
    # Every program's verdict is kept.
    return {"passed": counts["passed"], "failed": counts["kept"] - counts["passed"], "rejected": counts["rejected"]}


def _text(counts: dict[str, Any]) -> str:
    fate, units = next(iter(_fates(counts).items()))
    share = f" ({units / counts['in']:.0%})" if counts["in"] else ""
    return f"{units:,}{share}" + (f" {fate}" if fate != "kept" else "")


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
                      "scale": {"type": "threshold", "domain": RATE_STEPS, "range": RATE_COLOURS}},
            "description": {"field": "tip"},
        },
    }  # fmt: skip
    texts = {
        "mark": {"type": "text", "align": "left", "dx": 6, "aria": False},
        "encoding": {"y": y, "x": x, "text": {"field": "text"}},
    }
    return _lite({"data": {"values": values}, "width": width, "height": {"step": 24}, "layer": [bars, texts]})


def label(text: str) -> str:
    """A text of a dataset, made safe for plots.

    vl-convert aborts the process at a control character, and fails where it cuts a surrogate pair in two.
    """
    seen = "".join(character if character.isprintable() and character <= "\uffff" else "\ufffd" for character in text)
    return seen if len(seen) <= _LABEL_CHARS else seen[:_LABEL_CHARS] + "…"


def most_run(passes: dict[str, Passes]) -> list[tuple[str, Passes]]:
    """The values with the most programs."""
    return sorted(passes.items(), key=lambda item: (-item[1].run, item[0]))[:MOST_CONCEPTS]


def lengths(columns: dict[str, list[int]]) -> Markup:
    """A histogram of each column, up to the length that one row in a hundred exceeds."""
    values = []
    for column, of_rows in columns.items():
        longest = float(np.percentile(of_rows, 99)) if of_rows else 0.0  # a dataset may have no row
        counts, edges = np.histogram(of_rows, _BINS, (0, max(1.0, longest)))
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
    return _lite({"data": {"values": values}, "width": 360, "height": {"step": 34}, "layer": [bars, texts]})


def duration(value: float) -> str:
    """Seconds as text."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _colours(names: list[str], colours: list[str], by: str) -> dict[str, Any]:
    return {"field": by, "type": "nominal", "scale": {"domain": names, "range": colours}}


def _lite(spec: dict[str, Any]) -> Markup:
    return Markup(vl_convert.vegalite_to_svg({"$schema": _SCHEMA, "config": _CONFIG, **spec}))
