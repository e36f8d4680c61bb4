"""`explain ID`: the whole life of a seed, a response or a row, from its source lines to its fate.

A path does as well: every definition of the file, those that were dropped among them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

from pipeline import recipes
from pipeline.commands import open_session, print_json
from pipeline.errors import MissingDataError
from pipeline.seeds import scan_of
from pipeline.session import Session
from targets import ShardPaths, read_jsonl

HELP = "show the whole life of a seed, a response or a row by its id"

_SAMPLE = re.compile(r"([0-9a-f]+)-(\d+)")
_STAGES = ("seeds", "concepts", "instructions", "responses", "executions", "selection")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id",
        help="id of a seed, an instruction, a response or a row (its beginning will do), "
        "or the path of a source file, with :line if wanted",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    session = open_session()
    of_sample = _SAMPLE.fullmatch(arguments.id)
    seed, sample = of_sample.groups() if of_sample else (arguments.id, "")
    life = list(events(session, seed))
    if not life:
        raise MissingDataError(
            f"no record under the recipes in force has an id or a path that begins with {arguments.id}",
            "ids are in artifacts/<stage>/<recipe>/shard-*.jsonl; another configuration has other recipes",
        )
    if sample:
        life = [
            event for event in life if "-" not in event["id"] or event["id"].endswith(f"-{sample}")
        ]
    if arguments.json:
        print_json(life)
        return 0
    for event in life:
        print(f"== {event['stage']} {event['id']}: {event['fate']}")
        for key, value in event["record"].items():
            if key != "id":
                print(_indented(key, value))
    return 0


def events(run: Session, wanted: str) -> Iterator[dict[str, Any]]:
    """Every record of a seed or path, kept or rejected: {stage, id, fate, file, record}, stage by stage."""
    found = scan_of(run)
    selected = recipes.selection(run.settings, run.recipes["executions"], found.snapshot.digest)
    folders = {stage: run.recipes[stage].folder(run.artifacts) for stage in _STAGES[:-1]}
    folders["selection"] = selected.folder(run.artifacts)
    in_force = found.snapshot.occurrences
    beginnings: tuple[str, ...] = (wanted,)
    for stage in _STAGES:
        for paths in ShardPaths.published(folders[stage]):
            for path, fate in ((paths.records, "kept"), (paths.rejected, "rejected")):
                for record in read_jsonl(path):
                    seed = record["id"]
                    if stage == "seeds" and _stands_at(record, wanted):
                        beginnings += (seed,)
                    elif not seed.startswith(beginnings):
                        continue
                    if fate == "rejected":
                        fate_of = f"rejected by {record['rule']}"
                    elif stage == "seeds" and seed not in in_force:
                        fate_of = "not in force: its place is gone, or holds it no more"
                    else:
                        fate_of = fate
                    yield {
                        "stage": stage,
                        "id": seed,
                        "fate": fate_of,
                        "file": str(path),
                        "record": record,
                    }


def _stands_at(record: dict[str, Any], wanted: str) -> bool:
    """Whether a kept or rejected definition's place is this path, begins so, or ends in it."""
    place = record["id"]
    if "path" in record:
        place = f"{record['source']}/{record['path']}:{record['lines'][0]}:{record['name']}"
    return f"/{wanted}" in f"/{place}"


def _indented(key: str, value: Any) -> str:
    text = str(value)
    if "\n" not in text:
        return f"   {key}: {text}"
    return f"   {key}:\n" + "\n".join("      " + line for line in text.splitlines())
