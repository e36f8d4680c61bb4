"""`clean`: lists the recipe folders that nothing current reaches, and removes them with --yes.

A folder with the journal of an unfinished shard is listed with the command that wrote it, its records and its age,
and is removed only when it is named. Everything that is reachable stays (pipeline/operations/reachable.py).
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import asdict

from pipeline.commands import announce, lock_artifacts, open_project, print_json
from pipeline.operations.garbage import Garbage, garbage, named
from pipeline.text.display import duration

HELP = "list the recipe folders that nothing current reaches; --yes removes them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="STAGE/RECIPE",
        help="remove these only; an unfinished one is removed only when it is named here",
    )
    parser.add_argument("--yes", action="store_true", help="remove what is listed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.yes:
        announce()
    project = open_project()
    if arguments.yes:
        lock_artifacts(project)
    listed = garbage(project)
    unfinished = [item for item in listed if item.unfinished]
    if arguments.folders:
        chosen = named(listed, arguments.folders)
    else:
        chosen = [item for item in listed if not item.unfinished]
    if arguments.json:
        print_json([_as_json(item) for item in (chosen if arguments.folders else listed)])
    else:
        for item in chosen:
            print(f"{item.bytes / 1e6:10.1f} MB  {item.folder}")
        total = sum(item.bytes for item in chosen) / 1e6
        print(f"{total:10.1f} MB  in {len(chosen)} folders that nothing current reaches")
        if unfinished and not arguments.folders:
            _show_unfinished(unfinished)
    if arguments.yes:
        for item in chosen:
            shutil.rmtree(item.folder)
    elif chosen and not arguments.json:
        print("nothing was removed; --yes removes them")
    return 0


def _show_unfinished(items: list[Garbage]) -> None:
    print("unfinished, and removed only when named (`clean STAGE/RECIPE --yes`):")
    for item in items:
        assert item.unfinished is not None
        age, records = duration(item.unfinished.age_seconds), item.unfinished.records
        command = item.unfinished.command or "command not recorded"
        print(f"{item.bytes / 1e6:10.1f} MB  {item.name}: {records} records, {age} old: {command}")


def _as_json(item: Garbage) -> dict[str, object]:
    return {
        "folder": str(item.folder),
        "bytes": item.bytes,
        "unfinished": asdict(item.unfinished) if item.unfinished else None,
    }
