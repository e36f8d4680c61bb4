"""`plan`: estimates what a whole run will take and give, and compares the estimate with the run afterwards."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.commands import announce, console, open_project, print_json, require_sandbox
from pipeline.errors import ConfigError
from pipeline.operations.estimate import seeds_in
from pipeline.operations.judge_ability import in_words
from pipeline.operations.plan import compare_with_dataset, make_plan
from pipeline.project.pack_notes import NO_PACK, NO_PACK_REMEDY
from pipeline.text.display import duration, money, size

HELP = "estimate tokens, hours, disk and rows of the whole run from a pilot of a few seeds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, default=32, metavar="N", help="seeds of the pilot (32); more is surer")
    parser.add_argument("--budget-hours", type=float, metavar="H", help="say how many seeds fit into H hours")
    parser.add_argument("--rows", type=int, metavar="N", help="say what it takes to reach N rows ([selection] rows)")
    parser.add_argument("--compare", action="store_true", help="compare the last plan with what happened since")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    project = open_project()
    if arguments.compare:
        lines = compare_with_dataset(project.artifacts)
        if arguments.json:
            print_json(lines)
        else:
            _show_comparison(lines)
        return 0
    if arguments.seeds < 2:
        raise ConfigError(f"--seeds {arguments.seeds} is too few", "take at least 2, rather 32")
    if arguments.rows is not None and arguments.rows < 1:
        raise ConfigError(f"--rows {arguments.rows} is too few", "take at least 1")
    announce()
    require_sandbox(project)
    progress = Console(stderr=True, highlight=False, markup=False)
    if not project.packs and not project.model.is_demo:
        progress.print(f"warning: {NO_PACK}\n  {NO_PACK_REMEDY}")
    plan = make_plan(project, arguments.seeds, progress.print, arguments.rows or 0)
    if arguments.budget_hours is not None:
        plan["fit"] = seeds_in(plan, arguments.budget_hours)
    if arguments.json:
        print_json(plan)
    else:
        _show(plan, arguments.budget_hours)
    return 0


def _show(plan: Mapping[str, Any], budget: float | None) -> None:
    out = console()
    out.print(f"{plan['seeds']} seeds, estimated from {plan['pilot_seeds']}; 90% intervals in brackets")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("stage")
    for name in ("units", "kept", "new tokens", "time", "disk"):
        table.add_column(name, justify="right")
    table.add_column("lost in the pilot")
    for stage, numbers in plan["stages"].items():
        if numbers["units"] is None:
            table.add_row(stage, "", "nothing came here")
            continue
        tokens = numbers["new_tokens"]
        table.add_row(
            stage,
            f"{numbers['units'][1]:,}",
            _interval(numbers["kept"]),
            _interval(tokens) if tokens[1] else "",
            duration(numbers["seconds"][1]),
            size(numbers["bytes"]),
            _by_rule(numbers["lost"]),
        )
    out.print(table)
    low, middle, high = (duration(3600 * hours) for hours in plan["hours"])
    lost = f"; the selection dropped {_by_rule(plan['lost'])} in the pilot" if plan["lost"] else ""
    rows = _interval(plan["rows"]) if plan["rows"] else "unknown: the pilot made none"
    out.print(f"rows    {rows}{lost}")
    out.print(f"tokens  {_interval(plan['new_tokens'])} new ones")
    if a_row := plan["a_row"]:
        fast, usual, slow = map(duration, a_row["seconds"])
        out.print(f"a row   {_interval(a_row['new_tokens'])} new tokens, {usual} [{fast} to {slow}]")
    out.print(f"time    {middle} [{low} to {high}]")
    if prices := plan["prices"]:
        least, about, most = (money(amount, prices["currency"]) for amount in plan["money"])
        out.print(f"money   {about} [{least} to {most}]")
        if a_row := plan["a_row"]:
            least, about, most = (money(amount, prices["currency"]) for amount in a_row["money"])
            out.print(f"a row   {about} [{least} to {most}]")
    out.print(f"disk    {size(plan['disk_bytes'])}")
    if plan["new_tokens"][1]:
        _show_fates(out, plan)
    if goal := plan.get("goal"):
        _show_goal(out, goal)
    if plan["judge"]:
        out.print(f"judge   {in_words(plan['judge'])}")
    out.print(f"trust   {plan['trust']}")
    if budget is not None:
        fit = plan["fit"]
        verdict = "all seeds fit" if fit == plan["seeds"] else f"{fit} of {plan['seeds']} seeds fit"
        out.print(f"budget  {verdict} into {duration(3600 * budget)}")


def _show_fates(out: Console, plan: Mapping[str, Any]) -> None:
    written = sum(tokens for _, tokens, _ in plan["fates"].values())
    shares = [f"{fate} {tokens / written:.0%}" for fate, (_, tokens, _) in plan["fates"].items() if tokens]
    out.print(f"spent   on {', '.join(shares)}")


def _show_goal(out: Console, goal: Mapping[str, Any]) -> None:
    low, middle, high = (duration(3600 * hours) for hours in goal["hours"])
    out.print(
        f"goal    {goal['rows']:,} rows, which the seeds give with a probability of {goal['probability']:.0%}: "
        f"{_interval(goal['seeds'])} seeds in {_interval(goal['shards'])} shards, "
        f"{_interval(goal['new_tokens'])} new tokens, {middle} [{low} to {high}]"
    )


def _show_comparison(lines: Sequence[Mapping[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "estimate", "happened", "off"):
        table.add_column(name, justify="right" if name else "left")
    for line in lines:
        off = "" if line["off"] is None else f"{100 * line['off']:+.0f}%"
        table.add_row(line["what"], _interval(line["estimate"]), f"{line['happened']:,}", off)
    console().print(table)


def _by_rule(rules: Mapping[str, int]) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items(), key=lambda item: -item[1]))


def _interval(numbers: Sequence[float]) -> str:
    low, middle, high = (f"{number:,}" for number in numbers)
    return f"{middle} [{low} to {high}]"
