"""What decontamination finds: planted benchmark tasks, paraphrases by hand, and rows that hold none.

    python benchmarks/decontamination.py [PACK ...] [--rows FILE ...] [--short FOLDER ...] --json

In: packs (default: those of ../shared/data). Each task is planted four times: verbatim; with other wrapping and
case; with its names replaced and its layout changed, in code and instruction; with the instruction worded anew and the
program rewritten (planting.py). Paraphrases by hand come in three files: those of paraphrases_by_hand.jsonl were looked
at while the thresholds were chosen, those of paraphrases_held_out.jsonl were written when they were, for tasks drawn at
random, those of paraphrases_second.jsonl before the weighing by bits, for other tasks. Clean rows are the rows of finished datasets (--rows train.jsonl: short exercises), functions with a docstring
in folders (--short: small algorithms), the standard library, and installed packages. Out: the share of tasks found, by
copies alone and with execution, and of clean rows with a finding; each such row is listed, because one that solves a
task is no false positive. With --json as one object.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import planting
from pipeline.decontamination.confirmation import Confirmation, findings_of
from pipeline.decontamination.confirmation import Row as Program
from pipeline.decontamination.decontaminator import Decontaminator, Finding
from pipeline.decontamination.proofs import Proofs
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack, load_pack
from pipeline.text.markdown import fence
from pipeline.text.normalise import parse
from sandbox import Limits, Pool

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
DEFAULT_PACKS = ("HumanEval.jsonl.gz", "sanitized-mbpp.json")
BY_HAND = {
    "chosen on": Path(__file__).with_name("paraphrases_by_hand.jsonl"),
    "held out": Path(__file__).with_name("paraphrases_held_out.jsonl"),
    "second set": Path(__file__).with_name("paraphrases_second.jsonl"),
}
CLEAN_ROWS = 1000
_SEED = 3407
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and the task that it holds, "" if none."""

    instruction: str
    code: str
    tests: str = ""
    task: str = ""


class Checker:
    """Decontamination as the pipeline has it: copies, then execution of the rows without one."""

    def __init__(self, packs: Sequence[Pack], pool: Pool, folder: Path) -> None:
        self._pool = pool
        self.decontaminator = Decontaminator(packs)
        proofs = Proofs(folder).examine(packs, lambda: Pool(limits=Limits(wall_seconds=_SECONDS)), _SECONDS)
        self.not_confirmable = dict(Counter(proof.reason for proof in proofs if proof.reason))
        self._confirmation = Confirmation(self.decontaminator.tasks, proofs)
        self.cpu = {"copies": 0.0, "execution": 0.0}
        self.rows = 0

    def check(self, rows: Sequence[Row]) -> Iterator[tuple[Row, list[Finding], list[Finding]]]:
        """Each row with what copies find, and what execution finds where they find nothing."""
        began = time.process_time()
        examined = [self.decontaminator.examine(r.instruction, response(r.code), r.code, r.tests) for r in rows]
        self.cpu["copies"] += time.process_time() - began
        self.rows += len(rows)
        programs = (
            Program(str(number), row.code, row.tests, tuple(one.number for one in suspects))
            for number, (row, (findings, suspects)) in enumerate(zip(rows, examined, strict=True))
            if not findings
        )
        executed: dict[str, list[Finding]] = {}
        for ran in self._confirmation.run(programs, self._pool, _SECONDS):
            row = rows[int(ran.id)]
            self.cpu["execution"] += ran.spent.get("cpu_s", 0.0)
            executed[ran.id] = findings_of(self.decontaminator, row.instruction, row.code, ran.agreements or ())
        for number, (row, (findings, _)) in enumerate(zip(rows, examined, strict=True)):
            yield row, findings, executed.get(str(number), [])


def response(code: str) -> str:
    return f"Here is a solution.\n\n{fence(code)}"


Plant = Callable[[Task, random.Random], tuple[str, str]]


def verbatim(task: Task, chance: random.Random) -> tuple[str, str]:
    return task.texts[0], _solution(task)


def rewrapped(task: Task, chance: random.Random) -> tuple[str, str]:
    code = "".join(line + "\n" * chance.choice((1, 2)) for line in _solution(task).split("\n"))
    return planting.rewrapped(task.texts[0], chance), code


def renamed(task: Task, chance: random.Random) -> tuple[str, str]:
    code, names = _renamed(task, chance)
    words = planting.statement(task.texts[0]).split()
    return " ".join(names.get(word, word) for word in words), code


def renamed_code_only(task: Task, chance: random.Random) -> tuple[str, str]:
    return "Write the function.", _renamed(task, chance)[0]


def paraphrased(task: Task, chance: random.Random) -> tuple[str, str]:
    if parse(_solution(task)) is None:
        return planting.reworded(planting.statement(task.texts[0]), {}, chance), _solution(task)
    return planting.paraphrased(task.texts[0], _solution(task), chance)


def _solution(task: Task) -> str:
    return task.solutions[0] if task.solutions else ""


def _renamed(task: Task, chance: random.Random) -> tuple[str, dict[str, str]]:
    code = _solution(task)
    return (code, {}) if parse(code) is None else planting.renamed(code, chance)


PLANTS: tuple[Plant, ...] = (verbatim, rewrapped, renamed, paraphrased, renamed_code_only)


def planted(tasks: Sequence[Task], plant: Plant) -> list[Row]:
    """Each task as a row."""
    return [
        Row(*plant(task, random.Random(_SEED + number)), task=task.name)  # type: ignore[misc]
        for number, task in enumerate(tasks)
    ]


def by_hand(path: Path, tasks: Sequence[Task]) -> dict[str, list[Row]]:
    """The paraphrases of a file, by kind, of tasks that the packs have."""
    names = {task.id: task.name for task in reversed(tasks)}
    kinds: dict[str, list[Row]] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if name := names.get(row["task_id"]):
            kinds.setdefault(row.get("kind", "algorithm"), []).append(Row(row["instruction"], row["code"], "", name))
    return kinds


def of_dataset(path: Path) -> list[Row]:
    """The rows of a finished dataset."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [Row(row["instruction"], _fenced(row["response"]), row["tests"]) for row in rows]


def _fenced(text: str) -> str:
    return text.partition("```python\n")[2].partition("```")[0]


def functions_in(roots: Iterable[Path], count: int) -> list[Row]:
    """Functions with a docstring below folders, drawn at random, without those of tests."""
    left_out = {"site-packages", "test", "tests", "idle_test", "lib2to3", "__pycache__"}
    files = sorted(p for root in roots for p in root.rglob("*.py") if not left_out & set(p.relative_to(root).parts))
    rows = [row for path in files for row in _functions(path)]
    random.Random(_SEED).shuffle(rows)
    return rows[:count]


def _functions(path: Path) -> Iterator[Row]:
    source = path.read_text("utf-8", errors="replace")
    module = parse(source)
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.FunctionDef) and (docstring := ast.get_docstring(node)):
            yield Row(docstring, ast.get_source_segment(source, node) or "")


def recall(checker: Checker, rows: Sequence[Row]) -> dict[str, Any]:
    """Shares of the rows whose task was found, and the tasks that were not."""
    copies = found = 0
    missed = []
    for row, by_copies, by_execution in checker.check(rows):
        copies += (is_copy := row.task in _names(by_copies))
        found += (is_found := is_copy or row.task in _names(by_execution))
        if not is_found:
            missed.append(row.task)
    total = max(len(rows), 1)
    shares = {"copies": round(copies / total, 4), "with_execution": round(found / total, 4)}
    return {"rows": len(rows), **shares, "missed": missed}


def _names(findings: Iterable[Finding]) -> set[str]:
    return {f"{finding.pack}:{finding.task}" for finding in findings}


def lost(checker: Checker, rows: Sequence[Row]) -> dict[str, Any]:
    """How many clean rows have a finding, by layer, and each of them with the task, to be judged by a person."""
    layers: Counter[str] = Counter()
    which = []
    for row, by_copies, by_execution in checker.check(rows):
        if findings := by_copies or by_execution:
            layers[findings[0].layer] += 1
            first = findings[0]
            text = " ".join(row.instruction.split())[:100]
            which.append(f"{text} = {first.pack}:{first.task} by {first.layer}: {first.evidence}")
    share = round(len(which) / max(len(rows), 1), 4)
    return {"rows": len(rows), "with_a_finding": len(which), "share": share, "layers": dict(layers), "which": which}


def clean(arguments: argparse.Namespace) -> Iterator[tuple[str, list[Row]]]:
    """The sets of clean rows by name."""
    for path in arguments.rows:
        yield f"rows of {path.parent.name}/{path.name}", of_dataset(path)
    for folder in arguments.short:
        yield f"functions of {folder.name}", functions_in([folder], arguments.count)
    yield "standard library", functions_in([Path(sysconfig.get_path("stdlib"))], arguments.count)
    packages = [Path(sysconfig.get_path("purelib")) / name for name in arguments.packages]
    yield "packages", functions_in([path for path in packages if path.is_dir()], arguments.count)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    packs = [load_pack(path) for path in arguments.packs]
    with tempfile.TemporaryDirectory() as folder, Pool(limits=Limits(wall_seconds=_SECONDS)) as pool:
        checker = Checker(packs, pool, Path(folder))
        tasks = checker.decontaminator.tasks
        figures: dict[str, Any] = {
            "packs": {pack.name: [pack.revision[:12], len(pack.tasks)] for pack in packs},
            "not_confirmable": checker.not_confirmable,
        }
        for plant in PLANTS:
            for pack in packs:
                of_pack = planted([task for task in tasks if task.pack == pack.name], plant)
                figures[f"{plant.__name__} {pack.name}"] = recall(checker, of_pack)
        for when, path in BY_HAND.items():
            for kind, rows in by_hand(path, tasks).items():
                figures[f"by hand, {kind}, {when}"] = recall(checker, rows)
        for name, rows in clean(arguments):
            before, ran = checker.rows, dict(checker.cpu)
            figures[f"clean: {name}"] = {
                **lost(checker, rows),
                **{
                    f"ms_a_row_{part}": round(1e3 * (checker.cpu[part] - ran[part]) / (checker.rows - before), 2)
                    for part in ran
                    if checker.rows > before
                },
            }
    return figures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packs", nargs="*", type=Path, default=[SHARED / name for name in DEFAULT_PACKS])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rows", type=Path, nargs="*", default=[], help="train.jsonl of finished datasets")
    parser.add_argument("--short", type=Path, nargs="*", default=[], help="folders of small algorithms")
    parser.add_argument("--packages", nargs="*", default=["numpy", "pandas", "rich", "luigi", "pyarrow"])
    parser.add_argument("--count", type=int, default=CLEAN_ROWS, help="most functions of each kind")


def show(figures: dict[str, Any], as_json: bool) -> None:
    """Print the figures."""
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:40} {value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    arguments = parser.parse_args()
    show(measure(arguments), arguments.json)


if __name__ == "__main__":
    main()
