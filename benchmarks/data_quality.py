"""What decontamination finds: benchmark tasks planted in rows, and rows that have nothing to do with them.

    python benchmarks/data_quality.py [PACK ...] --json

In: packs (default: HumanEval). Each task is planted four times: verbatim; with other wrapping and case; with
its names replaced and its layout changed, in code and instruction; with the instruction worded anew and the
program rewritten (planting.py). Unrelated rows are functions of the running Python's standard library, their
docstring as the instruction. Out: the share of tasks found, the share of unrelated rows with a finding; with
--json as one object. `weak_tests_caught` and `strong_tests_lost` belong to verification and are null here.

`details` is there to keep the figures honest: renamed code under an instruction that gives nothing away, and
paraphrases written by hand with other algorithms (paraphrases_by_hand.jsonl, for HumanEval), without and with
the pairs that would go to execution.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import planting  # beside this file

from pipeline.text.decontamination import Decontaminator
from pipeline.text.layouts import Task
from pipeline.text.normalise import parse
from pipeline.text.packs import load_pack

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


def measure(paths: list[Path], unrelated: int) -> dict[str, Any]:
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
    details["suspects_rate"] = round(
        sum(bool(checker.suspects(text, code)) for _, text, code in rows) / len(rows), 4
    )
    figures["false_positive_rate"] = round(len(wrong) / len(rows), 4)
    figures["weak_tests_caught"] = figures["strong_tests_lost"] = None
    details |= {"unrelated_rows": len(rows), "false_positives": wrong, **by_hand(checker)}
    return {**figures, "details": details}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packs", nargs="*", type=Path, default=[DEFAULT_PACK])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rows", type=int, default=UNRELATED_ROWS, help="unrelated rows")
    arguments = parser.parse_args()
    figures = measure(arguments.packs, arguments.rows)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    details = figures.pop("details")
    for name, value in [*figures.items(), *details.items()]:
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
