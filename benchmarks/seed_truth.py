"""How many responses that pass their own tests are wrong on real code: the seeds' own code as judge.

    cd PROJECT && python .../benchmarks/seed_truth.py [--json]

PROJECT has `[instructions] source = docstring`, and its FinalDataset was made, or is being made: the shards of the oracle
stage that are there are read (docs/verification.md). Options of luigi are options too. Out: how many responses were in
form, passed their own tests, were verified, and of these how many answer as the seed; which evidence separates them.
Intervals are Wilson's and count instructions, because answers to one instruction are no independent observations.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipeline.commands import open_project
from pipeline.config import command_line
from pipeline.loop.statistics import separation, wilson
from pipeline.project.project import Project
from pipeline.records import instruction_of
from pipeline.stages.chain import shard_tasks
from pipeline.stages.oracle import Oracle
from pipeline.verification.agreement import agreement

EVIDENCE: Mapping[str, Callable[[Any], float]] = {
    "agreement": agreement,
    "mutants killed": lambda record: (record["killed"] or 0) / (record["mutants"] or 1),
    "different inputs": lambda record: record["inputs"] or 0,
    "more than an argument or a constant": lambda record: not record["behaviour"],
}


def measure(project: Project) -> dict[str, Any]:
    """All figures, over the shards that the oracle has judged."""
    if Oracle.stage not in {task.stage for task in shard_tasks(project)}:
        raise SystemExit("error: the chain has no oracle: set [instructions] source = docstring")
    in_form, passed = 0, 0
    fates: dict[str, bool] = {}
    verified: dict[str, Any] = {}
    lost: Counter[str] = Counter()
    folder = next(task for task in shard_tasks(project) if task.stage == Oracle.stage).paths.folder
    for path in sorted(folder.glob("shard-" + "[0-9]" * 6 + ".jsonl")):
        paths = {task.stage: task.paths for task in shard_tasks(project, int(path.stem[-6:]))}
        in_form += int(paths["responses"].read_meta()["kept"])
        passed += sum(record["passed"] for record in paths["executions"].read())
        verified |= {record["id"]: record for record in paths["verifications"].read()}
        fates |= {record["id"]: True for record in paths["oracle"].read() if record["calls"] is not None}
        for line in paths["oracle"].rejected.read_text().splitlines():
            rejected = json.loads(line)
            lost[rejected["rule"]] += 1
            if rejected["rule"] == "unlike_seed":
                fates[rejected["id"]] = False
    right = {id for id, is_right in fates.items() if is_right}
    share = wilson(len(right) / max(len(fates), 1), len({instruction_of(id) for id in fates}))
    return {
        "in_form": in_form,
        "passed": passed,
        "compared": len(fates),
        "right": len(right),
        "share": asdict(share),
        "not_compared": {rule: count for rule, count in lost.items() if rule != "unlike_seed"},
        "evidence": {name: _separation(measure, verified, fates) for name, measure in EVIDENCE.items()},
    }


def _separation(evidence: Callable[[Any], float], verified: Mapping[str, Any], fates: Mapping[str, bool]) -> Any:
    """The chance that a right response has more of the evidence than a wrong one; None without both."""
    right, wrong = ([evidence(verified[id]) for id, fate in fates.items() if fate is kind] for kind in (True, False))
    return round(separation(right, wrong), 3) if right and wrong else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    values, others = command_line.split(sys.argv[1:])
    arguments = parser.parse_args(others)
    command_line.set_values(values)
    found = measure(open_project())
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    share = found["share"]
    print(f"{found['in_form']} responses in form, {found['passed']} pass their own tests, {found['compared']} compared")
    print(f"{found['right']} answer as the seed: {share['mean']:.1%} [{share['low']:.1%} to {share['high']:.1%}]")
    for name, chance in found["evidence"].items():
        print(f"{name:36} {'-' if chance is None else chance}")
    for rule, count in found["not_compared"].items():
        print(f"{rule:36} {count}")


if __name__ == "__main__":
    main()
