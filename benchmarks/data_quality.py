"""What decontamination and verification find: planted benchmark tasks and weak tests, beside innocent ones.

    python benchmarks/data_quality.py [PACK ...] [--tests FILE] --json

In: packs (default: HumanEval). Each task is planted four times: verbatim; with other wrapping and case; with
its names replaced and its layout changed, in code and instruction; with the instruction worded anew and the
program rewritten (planting.py). Unrelated rows are functions of the running Python's standard library, their
docstring as the instruction. Strong tests are the packs' own with their solutions; weak ones are made of them
(weak_tests.py), others of both kinds are written by hand (tests_by_hand.py), or all stand in FILE, a JSON line each: {"code", "tests", "weak": true or false}. Out: the share of
tasks found, of unrelated rows with a finding, of weak tests caught (not passing, or rejected by verification), of
strong tests lost; with --json as one object.

`details` is there to keep the figures honest: renamed code under an instruction that gives nothing away, and
paraphrases written by hand with other algorithms (paraphrases_by_hand.jsonl, for HumanEval), without and with
the pairs that would go to execution; weak tests by kind, and those that were missed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import planting, tests_by_hand, weak_tests
from pipeline.decontamination.decontaminator import Decontaminator
from pipeline.packs.layouts import Task
from pipeline.packs.pack import load_pack
from pipeline.records import Rejection
from pipeline.stages.verifications import verification
from pipeline.text.normalise import parse
from pipeline.text.programs import program_text
from pipeline.verification import job
from sandbox import Limits, Pool, Program

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_PACK = ROOT.parent / "shared" / "data" / "HumanEval.jsonl.gz"
BY_HAND = Path(__file__).with_name("paraphrases_by_hand.jsonl")
UNRELATED_ROWS = 2000
_SEED = 3407

Row = tuple[str, str]  # instruction, code
Plant = Callable[[Task, random.Random], Row]


def verbatim(task: Task, chance: random.Random) -> Row:
    return task.texts[0], _solution(task)


def rewrapped(task: Task, chance: random.Random) -> Row:
    code = "".join(line + "\n" * chance.choice((1, 2)) for line in _solution(task).split("\n"))
    return planting.rewrapped(task.texts[0], chance), code


def renamed(task: Task, chance: random.Random) -> Row:
    code, names = _renamed(task, chance)
    words = planting.statement(task.texts[0]).split()
    return " ".join(names.get(word, word) for word in words), code


def renamed_code_only(task: Task, chance: random.Random) -> Row:
    return "Write the function.", _renamed(task, chance)[0]


def paraphrased(task: Task, chance: random.Random) -> Row:
    if parse(_solution(task)) is None:
        return planting.reworded(planting.statement(task.texts[0]), {}, chance), _solution(task)
    return planting.paraphrased(task.texts[0], _solution(task), chance)


def _solution(task: Task) -> str:
    return task.solutions[0] if task.solutions else ""


def _renamed(task: Task, chance: random.Random) -> tuple[str, dict[str, str]]:
    code = _solution(task)
    return (code, {}) if parse(code) is None else planting.renamed(code, chance)


def recall(checker: Decontaminator, plant: Plant) -> tuple[float, dict[str, int], list[str]]:
    """Share of the tasks found when planted, how many by each layer, and which were missed."""
    layers: Counter[str] = Counter()
    missed = []
    for number, task in enumerate(checker.tasks):
        instruction, code = plant(task, random.Random(_SEED + number))
        findings = checker.check(instruction, response(code), code)
        of_task = {f.layer for f in findings if (f.pack, f.task) == (task.pack, task.id)}
        layers.update(of_task)
        if not of_task:
            missed.append(task.name)
    share = 1 - len(missed) / len(checker.tasks)
    return share, dict(sorted(layers.items())), missed


def response(code: str) -> str:
    return f"Here is a solution.\n\n```python\n{code}\n```"


def standard_library(count: int) -> list[tuple[str, str, str]]:
    """(name, instruction, code) of functions of the standard library with a docstring, drawn at random."""
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(
        path
        for path in root.rglob("*.py")
        if not {"site-packages", "test", "tests", "idle_test", "lib2to3"} & set(path.parts)
    )
    rows = [row for path in files for row in _functions(path)]
    random.Random(_SEED).shuffle(rows)
    return rows[:count]


def _functions(path: Path) -> Iterator[tuple[str, str, str]]:
    source = path.read_text("utf-8", errors="replace")
    module = parse(source)
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.FunctionDef) and (docstring := ast.get_docstring(node)):
            yield node.name, docstring, ast.get_source_segment(source, node) or ""


def by_hand(checker: Decontaminator) -> dict[str, float]:
    """Recall on the paraphrases written by hand, alone and with the suspects that execution would judge."""
    known = {task.id for task in checker.tasks}
    rows = [json.loads(line) for line in BY_HAND.read_text().split("\n") if line]
    rows = [row for row in rows if row["task_id"] in known]
    if not rows:
        return {}
    found = suspected = 0
    for row in rows:
        instruction, code = row["instruction"], row["code"]
        findings = checker.check(instruction, response(code), code)
        hit = any(finding.task == row["task_id"] for finding in findings)
        suspects = checker.suspects(instruction, code)
        found += hit
        suspected += hit or any(suspect.task.id == row["task_id"] for suspect in suspects)
    return {
        "recall_by_hand": round(found / len(rows), 4),
        "recall_by_hand_with_suspects": round(suspected / len(rows), 4),
    }


def strong_tests(tasks: Sequence[Task]) -> list[weak_tests.Case]:
    """The packs' own solutions with their own tests."""
    return [
        weak_tests.Case(f"strong {task.name}", _solution(task), task.tests, weak=False)
        for task in tasks
        if task.tests and task.solutions and parse(_solution(task))
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


def measure(paths: list[Path], unrelated: int, tests: Path | None = None) -> dict[str, Any]:
    """All figures."""
    checker = Decontaminator([load_pack(path) for path in paths])
    figures: dict[str, Any] = {}
    details: dict[str, Any] = {"packs": {p.name: p.revision[:12] for p in checker.packs}}
    for plant in (verbatim, rewrapped, renamed, paraphrased, renamed_code_only):
        share, layers, missed = recall(checker, plant)
        key = f"recall_{plant.__name__}"
        (details if plant is renamed_code_only else figures)[key] = round(share, 4)
        details[f"{plant.__name__}_by_layer"] = layers
        details[f"{plant.__name__}_missed"] = missed
    rows = standard_library(unrelated)
    began = time.perf_counter()
    wrong = [
        f"{name}: {findings[0].layer} {findings[0].task}, {findings[0].evidence}"
        for name, instruction, code in rows
        if (findings := checker.check(instruction, response(code), code))
    ]
    details["ms_per_row"] = round((time.perf_counter() - began) / len(rows) * 1e3, 2)
    details["suspects_rate"] = round(sum(bool(checker.suspects(text, code)) for _, text, code in rows) / len(rows), 4)
    figures["false_positive_rate"] = round(len(wrong) / len(rows), 4)
    strong = strong_tests(checker.tasks)
    cases = read_tests(tests) if tests else [*strong, *weak_tests.planted(strong, _SEED), *tests_by_hand.cases()]
    of_tests, more = measure_tests(cases)
    figures |= of_tests
    details |= more
    details |= {"unrelated_rows": len(rows), "false_positives": wrong, **by_hand(checker)}
    return {**figures, "details": details}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packs", nargs="*", type=Path, default=[DEFAULT_PACK])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--tests", type=Path, help="cases of weak and strong tests instead of ours")
    parser.add_argument("--rows", type=int, default=UNRELATED_ROWS, help="unrelated rows")
    arguments = parser.parse_args()
    figures = measure(arguments.packs, arguments.rows, arguments.tests)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    details = figures.pop("details")
    for name, value in [*figures.items(), *details.items()]:
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
