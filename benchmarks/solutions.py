"""A pack's own solutions, scored by this evaluator: they have to pass; their mutants and emptied forms have to fail.

    python benchmarks/solutions.py PACK [--mutants N] [--share S] [--packages NAMES] [--folder FOLDER] [--json]

PACK is a benchmark as its authors publish it, with a variant where it has some (`cruxeval.jsonl#input`). Every solution is
one answer of its task, its emptied form (functions whose body is `pass`) the next, and up to N mutants follow
(pipeline/verification/mutants.py; those that change what is returned are left to the verification). `--share` takes
every S-th task by hash. In FOLDER, which a later call continues, are the answers, and the artifacts with every
verdict. Out: how many passed of each kind; every solution that fails and every other form that passes, by name.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.packs import programs
from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack, load_evaluated
from pipeline.packs.values import answer_of
from pipeline.text import hashing
from pipeline.verification.mutants import mutants

SOLUTION, EMPTIED = "solution", "emptied"
_WRAPPED = "return"  # its mutants need names that the verification defines


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a task's solution: `kind` is the solution, the emptied one or the operator of a mutant."""

    task: str
    kind: str
    code: str
    line: int = 0


def forms(task: Task, most_mutants: int) -> Iterator[Form]:
    """The forms of a task's solution as complete programs, the solution first; none for a task without one."""
    form = task.asked.form if task.asked else "code"
    if form != "code":
        answer = answer_of(form, task.tests if form in ("value", "call") else task.solutions[0])
        yield Form(task.id, SOLUTION, programs.complete(task, f"answer = {answer}\n"))
        return
    if not task.solutions:
        return
    code = task.solutions[0]
    yield Form(task.id, SOLUTION, programs.complete(task, code))
    yield Form(task.id, EMPTIED, programs.complete(task, emptied(code)))
    changed = (mutant for mutant in mutants(code, 20 * most_mutants) if mutant.operator != _WRAPPED)
    for mutant, _ in zip(changed, range(most_mutants), strict=False):
        yield Form(task.id, mutant.operator, programs.complete(task, mutant.source), mutant.line)


def emptied(code: str) -> str:
    """The program with `pass` for the body of every function."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def chosen(pack: Pack, share: int) -> list[int]:
    """The numbers of the tasks that are scored: all, or every `share`-th by hash."""
    return [number for number, task in enumerate(pack.tasks) if hashing.number(task.id) % share == 0]


def verdicts(artifacts: Path) -> dict[tuple[int, int], dict[str, Any]]:
    """By task and answer: the verdict of each suite."""
    newest = max(artifacts.glob("evaluation/*/shard-*.jsonl"), key=lambda path: path.stat().st_mtime)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for line in newest.read_text().splitlines():
        record = json.loads(line)
        number, sample, *_ = record["id"].split("-")
        found.setdefault((int(number), int(sample)), {})[record.get("suite", "tests")] = record
    return found


def evaluate(pack: str, answers: Path, packages: str, folder: Path) -> None:
    """Score the answers, as a user does."""
    (folder / "luigi.cfg").write_text(f"[executions]\nworkers = 1\n[sandbox]\npackages = {packages}\n")
    command = [sys.executable, "-m", "pipeline", "evaluate", "--pack", pack, "--samples", str(answers)]
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=sys.stderr)


def scored(pack: Pack, entry: str, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The document of figures."""
    made = {number: list(forms(pack.tasks[number], arguments.mutants)) for number in chosen(pack, arguments.share)}
    answers = folder / "answers.jsonl"
    lines = (
        json.dumps({"id": f"{number:05d}-{place:04d}", "code": form.code}) + "\n"
        for number, of_task in made.items()
        for place, form in enumerate(of_task)
    )
    answers.write_text("".join(lines))
    evaluate(entry, answers, arguments.packages, folder)
    found = verdicts(folder / "artifacts")
    counts: dict[str, list[int]] = {}
    odd = []
    for number, of_task in made.items():
        for place, form in enumerate(of_task):
            runs = found.get((number, place), {})
            passed = bool(runs) and all(run["passed"] for run in runs.values())
            count = counts.setdefault(form.kind if form.kind in (SOLUTION, EMPTIED) else "mutants", [0, 0])
            count[0] += passed
            count[1] += 1
            if passed != (form.kind == SOLUTION):
                why = {suite: f"{run['status']} {run['detail']}".strip() for suite, run in runs.items()}
                odd.append({"task": form.task, "kind": form.kind, "line": form.line, "passed": passed, "runs": why})
    return {"pack": pack.name, "tasks": len(made), "passed": counts, "odd": odd}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks/solutions.py", description=__doc__.splitlines()[0])
    parser.add_argument("pack")
    parser.add_argument("--mutants", type=int, default=2)
    parser.add_argument("--share", type=int, default=1)
    parser.add_argument("--packages", default="", help="distributions that the pack's tests import")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    path, _, variant = arguments.pack.partition("#")
    pack = load_evaluated(Path(path), variant)
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        document = scored(pack, str(Path(path).resolve()) + (f"#{variant}" if variant else ""), arguments, folder)
    if arguments.json:
        print(json.dumps(document, indent=2))
        return
    print(f"{document['pack']}: {document['tasks']} tasks")
    for kind, (passed, count) in document["passed"].items():
        print(f"{kind}: {passed} of {count} pass")
    for form in document["odd"]:
        print(f"{form['task']}, {form['kind']}, line {form['line']}: {form['runs']}")


if __name__ == "__main__":
    main()
