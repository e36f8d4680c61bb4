"""This tree against another checkout of the project: is anything slower that a refactoring should leave as it was?

    git worktree add ../before 218ee72
    python benchmarks/trees.py ../before [--rounds 7] [--json FILE]

Measured, in turns, each in processes of its own that import one tree or the other:

    no-op      the command of the main job, with everything made (seconds)
    scan       the seeds of the standard library into an empty folder, without the type checker (seconds)
    clean      `clean` over the finished project (seconds)
    engine     200 completions of the demo model, greedy, four contexts (seconds of generating)
    sandbox    300 programs on all cores (seconds)

Printed is the median of each side over the rounds, and the ratio of this tree to the other with the range of the
ratios of the rounds. A ratio above 1 is slower here. Run it on an idle machine: a figure measured beside other work is
no figure.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
LUIGI = Path(sys.executable).with_name("luigi")

ENGINE = """
import sys, time
from pathlib import Path
import pipeline
from pipeline.engine import EngineSettings, Request, Sampling, open_engine
model = Path(pipeline.__file__).parent / "demo" / "selfcodealign-demo.gguf"
requests = [
    Request(str(n), f"## Example {n % 4}\\n### Instruction\\nAdd the numbers of a list.\\n\\n### Response\\n",
            f"number {n}\\n", 64, ("\\n## ",), n, Sampling(temperature=0))
    for n in range(200)
]
with open_engine(EngineSettings(str(model))) as engine:
    engine.start()
    began = time.monotonic()
    tokens = sum(completion.new_tokens for completion in engine.generate(requests))
    print(time.monotonic() - began, tokens)
"""
SANDBOX = """
import time
from sandbox import Pool, Program
programs = [Program(str(n), f"assert sum(range({n})) == {n} * ({n} - 1) // 2\\n") for n in range(300)]
with Pool() as pool:
    list(pool.run_many(programs[:20]))
    began = time.monotonic()
    assert all(result.passed for result in pool.run_many(programs))
    print(time.monotonic() - began)
"""


def run(tree: Path, argv: list[str], cwd: Path) -> tuple[float, str]:
    """Wall seconds and output of a command that imports a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    began = time.monotonic()
    ended = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{' '.join(argv)[:80]} with {tree}: {ended.stdout}{ended.stderr}")
    return time.monotonic() - began, ended.stdout


def configured(folder: Path, sources: str, **seeds: str) -> Path:
    """A project folder."""
    folder.mkdir()
    keys = "\n".join(f"{key} = {value}" for key, value in {"sources": sources, **seeds}.items())
    (folder / "luigi.cfg").write_text(f"[seeds]\n{keys}\n[engine]\nn_threads = 1\n")
    return folder


def measures(folder: Path) -> dict[str, Callable[[Path], float]]:
    """What is measured, by name: seconds of one round with a tree."""
    project = configured(folder / "finished", "python-stdlib", stdlib_share="0.1", type_check="false")
    run(HERE, [str(LUIGI), "--module", "pipeline", "FinalDataset"], project)

    def noop(tree: Path) -> float:
        return run(tree, [str(LUIGI), "--module", "pipeline", "FinalDataset"], project)[0]

    def clean(tree: Path) -> float:
        return run(tree, [sys.executable, "-m", "pipeline", "clean"], project)[0]

    def scan(tree: Path) -> float:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            empty = configured(Path(name) / "scan", "python-stdlib", type_check="false")
            return run(tree, [str(LUIGI), "--module", "pipeline", "Seeds"], empty)[0]

    def engine(tree: Path) -> float:
        return float(run(tree, [sys.executable, "-c", ENGINE], folder)[1].split()[0])

    def sandbox(tree: Path) -> float:
        return float(run(tree, [sys.executable, "-c", SANDBOX], folder)[1].split()[0])

    return {"no-op": noop, "scan": scan, "clean": clean, "engine": engine, "sandbox": sandbox}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the speed of this tree with another checkout.")
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    other = arguments.other.resolve()
    figures = {}
    with tempfile.TemporaryDirectory(prefix="trees-") as name:
        for what, measure in measures(Path(name)).items():
            measure(HERE), measure(other)  # warms caches of both
            # Which side goes first changes from round to round: neither always meets the warmer machine.
            pairs = []
            for number in range(arguments.rounds):
                order = (HERE, other) if number % 2 else (other, HERE)
                seconds = {tree: measure(tree) for tree in order}
                pairs.append((seconds[HERE], seconds[other]))
            ratios = sorted(here / there for here, there in pairs)
            here, there = (statistics.median(side) for side in zip(*pairs, strict=True))
            figures[what] = {"here": here, "other": there, "ratios": ratios}
            middle = statistics.median(ratios)
            print(
                f"{what:8} {here:7.2f} s here, {there:7.2f} s there: ratio {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
