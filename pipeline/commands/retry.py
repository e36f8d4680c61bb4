"""`retry --only RULE,...`: carries records over to a raised limit; those that it cut off run again."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from pipeline.commands import announce, begin_run, open_project, print_json
from pipeline.errors import ConfigError
from pipeline.operations.carryover import Carryover, apply, plan
from pipeline.stages.chain import shard_tasks
from pipeline.text.lists import as_list

HELP = "carry records over to a raised limit, so that only those it had cut off run again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", required=True, metavar="RULE[,RULE]", help="what runs again: length, timeout, ...")
    parser.add_argument("--stage", default="", help="the rules count here alone")
    parser.add_argument("--yes", action="store_true", help="do it; without, only say what it does")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.yes:
        announce()
    project = begin_run() if arguments.yes else open_project()
    stages = [task.stage for task in shard_tasks(project)]
    if arguments.stage and arguments.stage not in stages:
        raise ConfigError(f"there is no stage {arguments.stage}", f"there are {', '.join(stages)}")
    carryovers = list(plan(project, as_list(arguments.only), arguments.stage))
    if not carryovers:
        raise ConfigError(
            "there is nothing to carry over: no recipe on disk differs from the current one in lower "
            "limits alone, with shards that are not made yet",
            "raise what cut the records off ([responses] max_tokens, [executions] timeout or memory_mb), "
            "or [stage] attempt to run them again as they were",
        )
    if arguments.yes:
        for carryover in carryovers:
            apply(carryover)
    by_stage: dict[str, list[Carryover]] = {}
    for carryover in carryovers:
        by_stage.setdefault(carryover.task.stage, []).append(carryover)
    totals = {stage: _total(of_stage) for stage, of_stage in by_stage.items()}
    if arguments.json:
        print_json(totals)
        return 0
    for stage, total in totals.items():
        again = ", ".join(f"{count} {rule}" for rule, count in sorted(total["again"].items()))
        print(
            f"{stage}: {total['carried']} records in {total['shards']} shards carried over from "
            f"{total['from']}; again: {again or 'none'}"
        )
    print("the next run makes the rest" if arguments.yes else "nothing was changed; --yes carries over")
    return 0


def _total(carryovers: list[Carryover]) -> dict[str, Any]:
    again: Counter[str] = Counter()
    for carryover in carryovers:
        again.update(carryover.again)
    return {
        "from": carryovers[0].donor.folder.name,
        "shards": len(carryovers),
        "carried": sum(carryover.carried for carryover in carryovers),
        "again": dict(again),
    }
