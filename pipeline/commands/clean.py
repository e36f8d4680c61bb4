"""`clean`: list what no current recipe reaches, and remove it with --yes.

What is in use is said in reach.py; of it, everything stays, the journals of unfinished shards included.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from pipeline.commands import open_session, print_json
from pipeline.errors import AlreadyRunning
from pipeline.operations.reachable import reached
from pipeline.project.session import Session
from pipeline.stages import recipes
from targets import Locked, lock

LOOP = ("finetuning", "answers", "evaluation", "comparison", "self_alignment")

HELP = "list the recipe folders that nothing current reaches; --yes removes them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="remove what is listed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    session = open_session()
    if arguments.yes:
        try:
            lock(session.artifacts / "lock")
        except Locked as busy:
            raise AlreadyRunning(str(busy), "wait for the run to end, then clean") from None
    found = unreachable(session)
    if arguments.json:
        print_json([{"folder": str(folder), "bytes": size} for folder, size in found])
    else:
        for folder, size in found:
            print(f"{size / 1e6:10.1f} MB  {folder}")
        total = sum(size for _, size in found) / 1e6
        print(f"{total:10.1f} MB  in {len(found)} folders that nothing current reaches")
    if arguments.yes:
        for folder, _ in found:
            shutil.rmtree(folder)
    elif found and not arguments.json:
        print("nothing was removed; --yes removes them")
    return 0


def unreachable(run: Session) -> list[tuple[Path, int]]:
    """Recipe folders that neither the configuration nor `latest` reaches, with their bytes."""
    kept = reached(run)
    found = []
    for stage in (*recipes.VERSIONS, *LOOP):
        for folder in sorted((run.artifacts / stage).glob("*")):
            if (
                folder.is_dir()
                and not folder.name.startswith(".")
                and (stage, folder.name) not in kept
            ):
                size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                found.append((folder, size))
    return found
