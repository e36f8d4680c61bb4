"""Renders the page of the report from its template, with a policy that admits its own script and style alone."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report import charts
from pipeline.report.concept_map import concept_map
from pipeline.report.figures import Figures
from pipeline.report.previous import Comparison
from pipeline.report.rejected import MOST
from pipeline.report.rows import RowFiles
from pipeline.text.display import money

_ASSETS = Path(__file__).parent / "assets"


def render(
    manifest: dict[str, Any], figures: Figures, comparison: Comparison | None, files: RowFiles, rejected: RowFiles
) -> str:
    """The whole page as HTML; `files` are those of the rows, `rejected` those of the rejected records."""
    environment = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = charts.duration
    environment.filters["money"] = money
    environment.filters["count"] = lambda value: f"{value:,.0f}"
    environment.filters["share"] = lambda value: "" if value is None else f"{value:.1%}"
    environment.filters["pretty"] = lambda value: orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    style = (_ASSETS / "report.css").read_text(encoding="utf-8")
    script = (_ASSETS / "report.js").read_text(encoding="utf-8")
    return environment.get_template("report.html.jinja").render(
        manifest=manifest,
        figures=figures,
        comparison=comparison,
        files=files,
        rejected=rejected,
        most_of_a_rule=MOST,
        plots=_plots(manifest, figures),
        most_run=charts.most_run,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


def _plots(manifest: dict[str, Any], figures: Figures) -> dict[str, Markup]:
    return {
        "funnel": charts.funnel(manifest["funnel"]),
        "difficulty": charts.pass_rates(figures.passes["difficulty"]),
        "category": charts.pass_rates(figures.passes["category"]),
        "concept": charts.pass_rates(figures.passes["concept"], width=640),
        "map": concept_map(figures),
        "lengths": charts.lengths(figures.lengths),
        "tokens": charts.tokens(manifest["spent"]),
        "seconds": charts.seconds(manifest["seconds"]),
    }


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: this style, this script and the files beside the page, nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src 'self' file: '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
