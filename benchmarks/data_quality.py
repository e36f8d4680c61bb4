"""What decontamination and verification find: planted benchmark tasks and weak tests, beside innocent ones.

    python benchmarks/data_quality.py [PACK ...] [--rows FILE ...] [--short FOLDER ...] [--tests FILE] --json

Decontamination: benchmarks/decontamination.py describes it. Verification: strong tests are the packs' own with their
solutions; weak ones are made of them (weak_tests.py), others of both kinds are written by hand (tests_by_hand.py), or
all stand in FILE, a JSON line each: {"code", "tests", "weak": true or false}. Out: what decontamination found, the
share of weak tests caught (not passing, or rejected by verification), and of strong tests lost; with --json as one
object. With --embedding only the figures of embedding.py. `details` lists weak tests by kind, and those that were missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import decontamination, embedding, tests_by_hand, weak_tests
from pipeline.packs.layouts import Task
from pipeline.packs.pack import load_pack
from pipeline.records import Rejection
from pipeline.stages.verified import verification
from pipeline.text.normalise import parse
from pipeline.text.programs import program_text
from pipeline.verification import job
from sandbox import Limits, Pool, Program

_SEED = 3407


def strong_tests(tasks: Sequence[Task]) -> list[weak_tests.Case]:
    """The packs' own solutions with their own tests."""
    return [
        weak_tests.Case(f"strong {task.name}", task.solutions[0], task.tests, weak=False)
        for task in tasks
        if task.tests and task.solutions and parse(task.solutions[0])
    ]


def verified(cases: Sequence[weak_tests.Case]) -> dict[str, str]:
    """What became of each case: not_passed, the rule that rejects it, or kept."""
    by_id = {case.id: case for case in cases}
    with Pool(workers=len(os.sched_getaffinity(0)), limits=Limits()) as pool:
        programs = (Program(case.id, program_text(case.code, case.tests)) for case in cases)
        fates = {result.id: "passed" if result.passed else "not_passed" for result in pool.run_many(programs)}
        again = (
            Program(case.id, job.program(case.id, case.code, case.tests, [], job.Bounds()))
            for case in cases
            if fates[case.id] == "passed"
        )
        for result in pool.run_many(again):
            found = verification(result, by_id[result.id].code)
            fates[result.id] = found.rule if isinstance(found, Rejection) else "kept"
    return fates


def measure_tests(cases: Sequence[weak_tests.Case]) -> tuple[dict[str, float], dict[str, Any]]:
    """Shares of weak tests caught and of strong tests lost, and details."""
    fates = verified(cases)
    weak = [case for case in cases if case.weak]
    # Strong tests that do not pass at all (a library is missing, say) are not verification's to lose.
    strong = [case for case in cases if not case.weak and fates[case.id] != "not_passed"]
    missed = [case.id for case in weak if fates[case.id] == "kept"]
    lost = [f"{case.id}: {fates[case.id]}" for case in strong if fates[case.id] != "kept"]
    kinds = Counter(case.id.split()[1] for case in weak)
    return (
        {
            "weak_tests_caught": round(1 - len(missed) / max(len(weak), 1), 4),
            "strong_tests_lost": round(len(lost) / max(len(strong), 1), 4),
        },
        {
            "weak_tests": len(weak), "strong_tests": len(strong), "weak_tests_by_kind": dict(kinds),
            "weak_tests_by_fate": dict(Counter(fates[case.id] for case in weak)),
            "weak_tests_missed": missed, "strong_tests_lost_which": lost,
        },
    )  # fmt: skip


def read_tests(path: Path) -> list[weak_tests.Case]:
    """Cases of a JSONL file."""
    rows = [json.loads(line) for line in path.read_text().split("\n") if line.strip()]
    return [
        weak_tests.Case(
            f"{'weak' if row['weak'] else 'strong'} {path.stem}:{number}",
            row["code"],
            row["tests"],
            row["weak"],
        )
        for number, row in enumerate(rows)
    ]


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    if arguments.embedding:
        return embedding.measure([load_pack(path) for path in arguments.packs])
    strong = strong_tests([task for path in arguments.packs for task in load_pack(path).tasks])
    planted = [*strong, *weak_tests.planted(strong, _SEED), *tests_by_hand.cases()]
    figures, details = measure_tests(read_tests(arguments.tests) if arguments.tests else planted)
    return {**decontamination.measure(arguments), **figures, "details": details}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    decontamination.add_arguments(parser)
    parser.add_argument("--tests", type=Path, help="cases of weak and strong tests instead of ours")
    parser.add_argument("--embedding", action="store_true", help="only whether one ranks the right task higher")
    arguments = parser.parse_args()
    decontamination.show(measure(arguments), arguments.json)


if __name__ == "__main__":
    main()
