"""`try SNIPPET`: one snippet through all stages in front of one's eyes, by the tasks of the main job itself.

The snippet becomes the only source of a run in a temporary folder, which is removed afterwards. Model, prompts,
sampling, sandbox and rules are the configured ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from pipeline.commands import console, print_json
from pipeline.commands.record_view import fields, indented
from pipeline.errors import MissingDataError
from pipeline.operations import scratch_run as aside
from pipeline.stages.base import ShardTask
from pipeline.stages.seeds import Seeds, scan
from pipeline.stages.selection import Selection
from pipeline.text.display import printable
from targets import ShardPaths, read_jsonl

HELP = "take one snippet through all stages, to see what the model makes of it"

_NOT_SHOWN = frozenset({"id", "instruction_id", "sample", "digest", "source", "path", "seed"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snippet", help="a function as text, a file of Python, or - for stdin")
    parser.add_argument("--json", action="store_true", help="print one JSON array of stages")


def run(arguments: argparse.Namespace) -> int:
    text = _read(arguments.snippet)
    stages = []
    out = console()
    with tempfile.TemporaryDirectory(prefix="selfcodealign-try-") as folder:
        for stage in through_all_stages(text, Path(folder)):
            stages.append(stage)
            if not arguments.json:
                out.print(_shown(stage, out.is_terminal))
    if arguments.json:
        print_json(stages)
    return 0


def through_all_stages(text: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Each stage as it ends: {stage, seconds, kept: [record], rejected: [rejection]}."""
    (folder / "source").mkdir()
    (folder / "source" / "snippet.py").write_text(text, encoding="utf-8")
    run = aside.begin(folder / "artifacts", str(folder / "source"))
    began = time.monotonic()
    Seeds().run()
    seeds = run.recipes["seeds"].folder(run.artifacts)
    yield _stage("seeds", [ShardPaths(seeds, 0)], began)
    shards = scan().shards_in_force
    if not shards:
        return
    tasks: list[ShardTask | Selection] = [
        *aside.shard_tasks(shards[0]),
        Selection(snapshot=scan().snapshot.digest),
    ]
    for task in tasks:
        began = time.monotonic()
        task.run()
        stage = _stage(task.get_task_family().lower(), [task.paths], began)
        yield stage
        if not stage["kept"]:
            return


def _stage(name: str, shards: list[ShardPaths], began: float) -> dict[str, Any]:
    found: dict[str, list[Any]] = {"kept": [], "rejected": []}
    for shard in shards:
        if shard.records.exists():
            found["kept"] += shard.read()
            found["rejected"] += read_jsonl(shard.rejected)
    return {"stage": name, "seconds": round(time.monotonic() - began, 2), **found}


def _read(argument: str) -> str:
    if argument == "-":
        return sys.stdin.read()
    if "\n" in argument or not argument.endswith(".py"):
        return argument
    try:
        return Path(argument).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingDataError(f"{argument}: {error}", "name a file of Python text") from None


def _shown(stage: dict[str, Any], colour: bool) -> RenderableType:
    """A stage for a person: every record's own fields, every rejection with its rule."""
    title = f"{stage['stage']}, {stage['seconds']} s"
    parts: list[RenderableType] = [Rule(title, align="left", characters="─")]
    for record in stage["kept"]:
        parts.append(Text(record["id"], style="bold"))
        parts += fields(record, colour, _NOT_SHOWN)
    for rejection in stage["rejected"]:
        line = Text(f"{printable(rejection['id'])} rejected by {rejection['rule']}", style="yellow")
        parts += [line, Text(indented(str(rejection["evidence"])))]
    if not stage["kept"]:
        parts.append(Text(f"nothing is left after {stage['stage']}", style="bold yellow"))
    return Group(*parts)
