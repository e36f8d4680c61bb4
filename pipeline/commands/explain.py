"""`explain ID`: the lineage of a record, from its source lines to its fate. `explain RULE`: what a rule rejects."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from pipeline.commands import console, open_project, print_json
from pipeline.commands.record_view import fields, indented
from pipeline.errors import MissingDataError
from pipeline.operations.lineage import lineage, origin_of, siblings
from pipeline.operations.rules import Use, declared, uses
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.text.display import printable
from pipeline.text.nearest import nearest

HELP = "show the whole life of a seed, a response, a row or a place in a source file; or a rule"

_EVIDENCE = 120  # characters of it in one line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id",
        help="id of a seed, an instruction, a response or a row (its beginning will do); a path, path:line or "
        "path:name; or the name of a rule",
    )
    parser.add_argument("--prompts", action="store_true", help="show the prompts whole, with their few-shot context")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    project = open_project()
    if in_stages := uses(arguments.id, project):
        return _explain_rule(in_stages, arguments.json)
    events = lineage(project, arguments.id)
    if not events:
        raise MissingDataError(
            f"no record of the current recipes has the id, the name or the place {arguments.id}",
            nearest(
                arguments.id,
                {rule for rules in declared().values() for rule in rules},
                otherwise="ids are in artifacts/<stage>/<recipe>/shard-*.jsonl, and other options have other recipes",
            ),
        )
    others = siblings(events, arguments.id)
    sibling_ids = {other["id"] for other in others}
    events = [event for event in events if event["id"] not in sibling_ids]
    if arguments.json:
        print_json({"id": arguments.id, "events": events, "siblings": others})
        return 0
    out = console()
    seeds = {origin_of(event["id"]) for event in events}
    if len(seeds) > 1:
        # A place with many definitions: what became of each, and of its records in the end.
        last = {event["id"]: event for event in events}
        for event in events:
            if event["stage"] == SEEDS or event is last[event["id"]]:
                out.print(_fate(event), soft_wrap=True)
        out.print(f"{len(seeds)} definitions; `selfcodealign explain ID` shows one in full")
        return 0
    for event in events:
        for part in _shown(event, arguments.prompts, out.is_terminal):
            out.print(part, soft_wrap=not out.is_terminal)
    if others:
        out.print(Text("== siblings: the other answers to the instruction", style="bold"))
    for other in others:
        verdict = f"{other['status']}, " if other["status"] else ""
        evidence = f" ({printable(other['evidence'])})" if other["evidence"] else ""
        out.print(Text(f"  {other['id']}: {verdict}{other['fate']}{evidence}"))
    return 0


def _explain_rule(in_stages: list[Use], as_json: bool) -> int:
    if as_json:
        print_json([asdict(use) for use in in_stages])
        return 0
    out = console()
    for use in in_stages:
        out.print(Text(f"== {use.stage} rejects under {use.rule}", style="bold"))
        out.print(Text(f"  {use.drops}"))
        if use.dropped is not None:
            out.print(Text(f"  {use.dropped} in the newest dataset", style="dim"))
    return 0


def _fate(event: dict[str, Any]) -> Text:
    """What became of a record, in one line."""
    record, id = event["record"], printable(event["id"])
    fate = event["fate"]
    if record.get("evidence"):
        fate += f": {printable(' '.join(str(record['evidence']).split()))[:_EVIDENCE]}"
    if event["stage"] != SEEDS:
        return Text(f"  {event['stage']} {id}: {fate}")
    if "path" in record:
        first, last = record["lines"]
        id = f"{record['name']}, {record['path']} lines {first} to {last}, {id}"
    return Text(f"== {id}: {fate}", style="bold")


def _shown(event: dict[str, Any], prompts: bool, colour: bool) -> Iterator[RenderableType]:
    style = "bold" if event["fate"] == "kept" else "bold yellow"
    yield Text(f"== {event['stage']} {printable(event['id'])}: {event['fate']}", style=style)
    yield Text(f"  file: {event['file']}", style="dim")
    prompt = event["prompt"]
    if prompt:
        context = prompt["context"] if prompts else "(few-shot context: see --prompts)\n"
        yield Text("  prompt:", style="dim")
        yield Text(indented(context + prompt["tail"]), style="dim")
    yield from fields(event["record"], colour, without=("id", "rule"))
