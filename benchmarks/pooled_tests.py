"""What pooled tests are worth: wrong answers that pass a row's own tests, and its pooled ones; right answers that each keep.

    python benchmarks/pooled_tests.py PROJECT [--json]

PROJECT is a folder with a finished dataset of the demo model, whose tasks have hidden tests (pipeline/demo/world). Of
each row that is right by these, all other responses to its instruction are judged by the hidden tests, then run against
the row's own tests and against the pooled ones. Rows that are wrong are counted and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipeline.dataset.finished import FinishedDataset
from pipeline.dataset.pooled import pooled_tests
from pipeline.demo.world.hidden import hidden_tests
from pipeline.demo.world.reading import read_instruction
from pipeline.export.pairs import under_name
from pipeline.records import instruction_of
from pipeline.text.programs import program_text
from pipeline.verification import instrument
from sandbox import Limits, Pool, Program

_SEED = 3407


def passed(programs: Iterator[Program]) -> set[str]:
    """The ids of the programs that pass."""
    with Pool(workers=len(os.sched_getaffinity(0)), limits=Limits()) as pool:
        return {result.id for result in pool.run_many(programs) if result.passed}


def measure(dataset: FinishedDataset) -> dict[str, Any]:
    """All figures."""
    rows = {row["id"]: row for row in dataset.rows()}
    numbers = dataset.shards("selection")[0].read_meta()["shards"]
    pooled = pooled_tests(dataset.artifacts, numbers, rows.values())
    hidden = {}
    for id, row in rows.items():
        if task := read_instruction(row["instruction"]):
            hidden[id] = (task.name, hidden_tests(random.Random(f"{_SEED} {id}"), task.chain, task.name))
    of_instruction: dict[str, list[dict[str, Any]]] = {}
    for shard in dataset.shards("responses"):
        for record in shard.read():
            of_instruction.setdefault(record["instruction_id"], []).append(record)

    def trials(tests: Mapping[str, tuple[str, str]]) -> Iterator[Program]:
        for id, (name, text) in tests.items():
            for other in of_instruction[instruction_of(id)]:
                yield Program(f"{id} {other['id']}", program_text(under_name(name, other["code"]), text))

    right = passed(trials(hidden))
    judged = {id for id in hidden if f"{id} {id}" in right}
    entries = {
        record["id"]: instrument.entry(record["code"])
        for records in of_instruction.values()
        for record in records
        if record["id"] in judged
    }
    kinds = {
        "own": {id: (entries[id], rows[id]["tests"]) for id in judged},
        "pooled": {id: (entries[id], pooled.get(id, rows[id]["tests"])) for id in judged},
    }
    siblings = [
        f"{id} {other['id']}" for id in judged for other in of_instruction[instruction_of(id)] if other["id"] != id
    ]
    wrong = [key for key in siblings if key not in right]
    found: dict[str, Any] = {
        "rows": len(rows), "readable": len(hidden), "right_rows": len(judged),
        "pooled_rows": sum(id in pooled for id in judged),
        "wrong_siblings": len(wrong), "right_siblings": len(siblings) - len(wrong),
    }  # fmt: skip
    for kind, tests in kinds.items():
        passing = passed(trials(tests))
        found[f"wrong_passing_{kind}"] = sum(key in passing for key in wrong)
        found[f"right_passing_{kind}"] = sum(key in passing for key in siblings if key in right)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path, help="a folder with artifacts/")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    found = measure(FinishedDataset(arguments.project / "artifacts"))
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print("{right_rows} right rows of {readable} whose task is known; {pooled_rows} have pooled tests".format(**found))
    for kind in ("own", "pooled"):
        wrong, right = found[f"wrong_passing_{kind}"], found[f"right_passing_{kind}"]
        print(
            f"{kind:6} tests are passed by {wrong} of {found['wrong_siblings']} wrong and "
            f"{right} of {found['right_siblings']} right siblings"
        )


if __name__ == "__main__":
    main()
