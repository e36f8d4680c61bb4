"""Tasks a second of an evaluation against EvalPlus's own evaluator, on the same answers in one run; and every verdict.

    python benchmarks/evaluation.py PACK ANSWERS --evalplus PYTHON [--rounds N] [--json]

PACK is HumanEvalPlus or MbppPlus as EvalPlus publishes it, ANSWERS a file of {task_id, solution or completion}. PYTHON is
an interpreter with the package `evalplus` (0.3.1), in an environment of its own. Both sides use one worker and have the
expected outputs of the pack already: each round times the scoring of all answers, in turns, wall clock and processor
time of all processes. EvalPlus is run as its users run it: it stops at an answer's first failing input, as we do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"HumanEvalPlus": ("humaneval", "HUMANEVAL_OVERRIDE_PATH"), "MbppPlus": ("mbpp", "MBPP_OVERRIDE_PATH")}


def plain(path: Path, folder: Path) -> Path:
    """The file without gzip, which EvalPlus wants."""
    content = path.read_bytes()
    target = folder / path.name.removesuffix(".gz")
    target.write_bytes(gzip.decompress(content) if path.suffix == ".gz" else content)
    return target


def timed(run: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the wall clock, and of the processor in all child processes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class EvalPlus:
    """EvalPlus's evaluator, with its cache in a folder of its own."""

    def __init__(self, python: str, pack: Path, answers: Path, folder: Path) -> None:
        self.results = answers.with_name(answers.name.replace(".jsonl", "_eval_results.json"))
        kind, override = KINDS[pack.name.split(".")[0]]
        self.command = [python, "-m", "evalplus.evaluate", "--dataset", kind, "--samples", str(answers)]
        self.command += ["--parallel", "1"]
        self.environment = {**os.environ, override: str(pack), "XDG_CACHE_HOME": str(folder), "PYTHONPATH": ""}

    def run(self) -> None:
        self.results.unlink(missing_ok=True)
        subprocess.run(self.command, env=self.environment, check=True, capture_output=True)

    def verdicts(self) -> dict[str, tuple[bool, bool]]:
        """Whether the first answer to a task passed base, and base and plus."""
        found = {}
        for task, runs in json.loads(self.results.read_bytes())["eval"].items():
            base = runs[0]["base_status"] == "pass"
            found[task] = (base, base and runs[0]["plus_status"] == "pass")
        return found


class Ours:
    """`python -m pipeline evaluate` in a project of its own."""

    def __init__(self, pack: Path, answers: Path, folder: Path) -> None:
        self.folder = folder
        (folder / "luigi.cfg").write_text("[executions]\nworkers = 1\n")
        self.command = [sys.executable, "-m", "pipeline", "evaluate", "--pack", str(pack), "--samples", str(answers)]
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.report: dict[str, Any] = {}

    def run(self) -> None:
        for old in (self.folder / "artifacts" / "evaluation").glob("*/*"):
            old.unlink()
        done = subprocess.run(
            [*self.command, "--json"], cwd=self.folder, env=self.environment, check=True, capture_output=True
        )
        self.report = json.loads(done.stdout[done.stdout.index(b"\n{") :] if b"\n{" in done.stdout else done.stdout)

    def verdicts(self) -> dict[str, tuple[bool, bool]]:
        """The same as EvalPlus's."""
        base = self.report["suites"]["base"]
        return {task: (bool(base[task]), bool(passed)) for task, passed in self.report["passed"].items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks/evaluation.py", description=__doc__.splitlines()[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--evalplus", required=True, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("theirs", "ours"):
            (folder / part).mkdir()
        pack, answers = plain(arguments.pack, folder), plain(arguments.answers, folder)
        sides = {
            "EvalPlus": EvalPlus(arguments.evalplus, pack, answers, folder / "theirs"),
            "ours": Ours(pack, answers, folder / "ours"),
        }
        for side in sides.values():
            side.run()  # the expected outputs are kept
        times: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
        for _ in range(arguments.rounds):
            for side, evaluator in sides.items():
                times[side].append(timed(evaluator.run))
        theirs, ours = (side.verdicts() for side in sides.values())
    tasks = len(ours)
    document = {
        "pack": pack.name,
        "tasks": tasks,
        "load": os.getloadavg()[0],
        **{
            side: {
                "tasks_a_second": round(tasks / statistics.median(wall for wall, _ in runs), 2),
                "cpu_ms_a_task": round(1000 * statistics.median(cpu for _, cpu in runs) / tasks, 1),
                "base": sum(base for base, _ in verdicts.values()),
                "plus": sum(plus for _, plus in verdicts.values()),
            }
            for (side, runs), verdicts in zip(times.items(), (theirs, ours), strict=True)
        },
        "differ": {task: [theirs[task], ours[task]] for task in ours if task in theirs and theirs[task] != ours[task]},
    }
    if arguments.json:
        print(json.dumps(document, indent=2))
        return
    for side in sides:
        print(f"{side}: {document[side]}")
    print(f"load {document['load']:.1f}; verdicts that differ: {document['differ'] or 'none'}")


if __name__ == "__main__":
    main()
