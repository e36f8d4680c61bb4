"""`plan`: what a whole run will take and give, from a pilot of a few seeds; and afterwards, how true that was."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from pipeline import config
from pipeline.commands import console, print_json
from pipeline.config.location import ROOT
from pipeline.dataset.finished import Finished
from pipeline.errors import ConfigError, MissingDataError
from pipeline.operations.estimate import compare, estimate, seeds_in
from pipeline.operations.pilot import run_pilot
from pipeline.text.display import duration
from targets import publish
from targets.atomic import json_bytes

HELP = "estimate tokens, hours, disk and rows of the whole run from a pilot of a few seeds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seeds", type=int, default=32, metavar="N", help="seeds of the pilot (32); more is surer"
    )
    parser.add_argument(
        "--budget-hours", type=float, metavar="H", help="say how many seeds fit into H hours"
    )
    parser.add_argument(
        "--compare", action="store_true", help="compare the last plan with what happened since"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    artifacts = (ROOT / config.load().project.artifacts).resolve()
    folder = artifacts / "pilot"
    if arguments.compare:
        return _compare(artifacts, folder / "plan.json", arguments.json)
    if arguments.seeds < 2:
        raise ConfigError(f"--seeds {arguments.seeds} is too few", "take at least 2, rather 32")
    out = Console(stderr=True, highlight=False, markup=False)
    piloted = run_pilot(folder, arguments.seeds, out.print)
    plan = estimate(piloted.pilot, piloted.seeds, piloted.contexts)
    plan["disk_bytes"] += piloted.seed_bytes
    plan["pilot_seeds"] = len(piloted.pilot.rows)
    plan["recipe"] = piloted.recipe
    publish(folder / "plan.json", [json_bytes(plan)])
    if arguments.budget_hours is not None:
        plan["fit"] = seeds_in(plan, arguments.budget_hours)
    if arguments.json:
        print_json(plan)
    else:
        _show(plan, arguments.budget_hours)
    return 0


def _show(plan: Mapping[str, Any], budget: float | None) -> None:
    out = console()
    out.print(
        f"{plan['seeds']} seeds, estimated from {plan['pilot_seeds']}; 90% intervals in brackets"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("stage")
    for name in ("units", "kept", "new tokens", "time", "disk"):
        table.add_column(name, justify="right")
    for stage, numbers in plan["stages"].items():
        tokens = numbers["new_tokens"]
        table.add_row(
            stage,
            f"{numbers['units'][1]:,}",
            _interval(numbers["kept"]),
            _interval(tokens) if tokens[1] else "",
            duration(numbers["seconds"][1]),
            _size(numbers["bytes"]),
        )
    out.print(table)
    low, middle, high = (duration(3600 * hours) for hours in plan["hours"])
    out.print(f"rows    {_interval(plan['rows'])}")
    out.print(f"tokens  {_interval(plan['new_tokens'])} new ones")
    out.print(f"time    {middle} [{low} to {high}]")
    out.print(f"disk    {_size(plan['disk_bytes'])}")
    if budget is not None:
        fit = plan["fit"]
        verdict = "all seeds fit" if fit == plan["seeds"] else f"{fit} of {plan['seeds']} seeds fit"
        out.print(f"budget  {verdict} into {duration(3600 * budget)}")


def _compare(artifacts: Path, path: Path, as_json: bool) -> int:
    try:
        plan = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingDataError(
            f"there is no {path}", "make a plan first: without --compare"
        ) from None
    dataset = Finished(artifacts)
    if dataset.stages["executions"].name != plan["recipe"]:
        raise ConfigError(
            "the plan and the last dataset were made with other settings, models or prompts",
            "plan again, or run again",
        )
    lines = compare(plan, dataset.manifest)
    if as_json:
        print_json(lines)
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "estimate", "happened", "off"):
        table.add_column(name, justify="right" if name else "left")
    for line in lines:
        off = "" if line["off"] is None else f"{100 * line['off']:+.0f}%"
        table.add_row(line["what"], _interval(line["estimate"]), f"{line['happened']:,}", off)
    console().print(table)
    return 0


def _interval(numbers: list[float]) -> str:
    low, middle, high = (f"{number:,}" for number in numbers)
    return f"{middle} [{low} to {high}]"


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
