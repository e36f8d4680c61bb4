"""`retry --only RULE,...`: after a limit was raised, run the records again that it had cut off."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from pipeline.commands import open_session, print_json
from pipeline.errors import ConfigError
from pipeline.operations.carryover import Carry, apply, plan
from pipeline.project import session
from pipeline.stages.recipes import SHARDED
from pipeline.text.lists import as_list

HELP = "carry records over to a raised limit, so that only those it had cut off run again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only", required=True, metavar="RULE[,RULE]", help="what runs again: length, timeout, ..."
    )
    parser.add_argument("--stage", choices=SHARDED, default="", help="the rules count here alone")
    parser.add_argument("--yes", action="store_true", help="do it; without, only say what it does")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    project = session.begin() if arguments.yes else open_session()
    rules = as_list(arguments.only)
    found = list(plan(project, rules, arguments.stage))
    if not found:
        raise ConfigError(
            "there is nothing to carry over: no recipe on disk differs from the one in force in lower "
            "limits alone, with shards that are not made yet",
            "raise what cut the records off ([responses] max_tokens, [executions] timeout or memory_mb), "
            "or [stage] attempt to run them again as they were",
        )
    if arguments.yes:
        for carry in found:
            apply(project, carry)
    stages = list(dict.fromkeys(carry.stage for carry in found))
    totals = {stage: _total([carry for carry in found if carry.stage == stage]) for stage in stages}
    if arguments.json:
        print_json(totals)
        return 0
    for stage, total in totals.items():
        again = ", ".join(f"{count} {rule}" for rule, count in sorted(total["again"].items()))
        print(
            f"{stage}: {total['carried']} records in {total['shards']} shards carried over from "
            f"{total['from']}; again: {again or 'none'}"
        )
    print(
        "the next run makes the rest"
        if arguments.yes
        else "nothing was changed; --yes carries over"
    )
    return 0


def _total(carries: list[Carry]) -> dict[str, Any]:
    again: Counter[str] = Counter()
    for carry in carries:
        again.update(carry.again)
    return {
        "from": carries[0].donor.folder.name,
        "shards": len(carries),
        "carried": sum(carry.carried for carry in carries),
        "again": dict(again),
    }
