"""The engine on a real model: decode rates over lengths, contexts and sequences, against llama-batched-bench.

    python benchmarks/engine_grid.py --model FILE [--new 64,256,600,1000] [--contexts 1,4] [--sequences 1,4,16]
                                     [--results FILE] [--threads N] [--gpu]

A cell of the grid is a number of new tokens, of contexts and of sequences; prompts are a context of 700 tokens and a tail
of 100. Each side of a cell is measured once, in a process of its own, and appended to the results, one JSON object a
line: what is there already is not measured again, so the grid can be measured in parts, whenever the cores are idle.
The table has the medians of all that is in the file.

ours: tokens a second while all sequences run, drawing included; completions are not allowed to end early
kvu, streams: `llama-batched-bench -pps` with and without `-kvu`, which draws nothing. It knows one context only, so with
    several it does less than the engine does
loop: `Llama.create_completion`, one sequence, its prompt evaluated before
ratio: ours over the better of the two layouts; wanted is 0.95, and no less than the loop

In: a GGUF, real or of random_gguf.py. Needs what llama_cpp_tools.py needs, which is checked before anything is built.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

CONTEXT, TAIL = 700, 100


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the grid on one model."""

    model: str
    new: int
    contexts: int
    sequences: int
    threads: int
    gpu_layers: int

    @property
    def n_cells(self) -> int:
        """Cells of a unified cache that hold the work."""
        return self.contexts * CONTEXT + self.sequences * (TAIL + self.new + 2) + 256


def ours(cell: Cell) -> float:
    """The engine's rate in tokens a second."""
    from pipeline.engine import EngineSettings, Request
    from pipeline.engine.child import batcher as batching
    from pipeline.engine.child import native
    from pipeline.engine.child.contexts import Context, Job
    from pipeline.engine.child.layout import Engine
    from pipeline.engine.child.worker import load

    native.start()
    settings = EngineSettings(
        cell.model,
        n_seq=cell.sequences,
        n_cells=cell.n_cells,
        n_threads=cell.threads,
        n_gpu_layers=cell.gpu_layers,
    )
    model, cache, plan = load(settings, 0, lambda: None)
    model.ends = lambda _token: False  # type: ignore[method-assign]
    batching.TOKENS_BETWEEN_LOOKS = 1 << 30  # a loop would end early
    engine = Engine(model, settings, plan, cache, batching.Batcher(model, cache, plan, settings))
    rng = np.random.default_rng(1)

    def tokens(count: int) -> Any:
        return rng.integers(model.n_vocab // 4, model.n_vocab // 2, count).astype(np.int32)

    contexts = [Context(tokens(CONTEXT)) for _ in range(cell.contexts)]
    jobs = [
        Job(
            i,
            Request(str(i), "c", "t", cell.new, seed=i),
            contexts[i * cell.contexts // cell.sequences],
            tokens(TAIL),
        )
        for i in range(cell.sequences)
    ]
    batcher = engine.suited_to(jobs[0]).batcher
    for job in jobs:
        batcher.submit(job)
    running: set[int] = set()
    batcher.on_start = running.add
    while len(running) < cell.sequences:
        batcher.step()
    batcher.take_counters()
    began = time.perf_counter()
    while not batcher.step():
        pass
    return batcher.take_counters().new_tokens / (time.perf_counter() - began)


def bench(cell: Cell, *layout: str) -> float:
    """The rate of llama-batched-bench in tokens a second."""
    from llama_cpp_tools import tools

    size = cell.n_cells if layout else cell.sequences * (CONTEXT + TAIL + cell.new + 256)
    argv = [str(tools(bool(cell.gpu_layers))["llama-batched-bench"]), "-m", cell.model, "-c", str(size)]
    argv += ["-b", "512", "-ub", "512", "-npp", str(CONTEXT + TAIL), "-ntg", str(cell.new)]
    argv += ["-npl", str(cell.sequences), "-pps", *layout, "-ngl", str(cell.gpu_layers)]
    argv += ["-t", str(cell.threads), "-tb", str(cell.threads), "--output-format", "jsonl"]
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    (row,) = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return float(row["speed_tg"])


def loop(cell: Cell) -> float:
    """The rate of llama-cpp-python's own loop in tokens a second."""
    import llama_cpp

    llm = llama_cpp.Llama(
        cell.model,
        n_ctx=CONTEXT + TAIL + cell.new + 256,
        n_threads=cell.threads,
        n_threads_batch=cell.threads,
        n_gpu_layers=cell.gpu_layers,
        verbose=False,
    )
    n_vocab = llm.n_vocab()
    prompt = np.random.default_rng(1).integers(n_vocab // 4, n_vocab // 2, CONTEXT + TAIL).tolist()
    seconds = []
    drawing = llm.generate(prompt, temp=0.7, top_k=0, top_p=1.0, min_p=0.0)
    for _ in range(cell.new):
        next(drawing)
        seconds.append(time.perf_counter())
    return (cell.new - 1) / (seconds[-1] - seconds[0])


SIDES: dict[str, Callable[[Cell], float]] = {
    "ours": ours,
    "kvu": lambda cell: bench(cell, "-kvu"),
    "streams": bench,
    "loop": loop,
}


def sides(cell: Cell) -> Iterator[str]:
    """The sides that are measured in a cell."""
    yield from ("ours", "kvu", "streams")
    if cell.sequences == 1:
        yield "loop"


def measure(cell: Cell, side: str, results: Path) -> None:
    """Measure one side of a cell, and append it to the results."""
    argv = [sys.executable, __file__, "--side", side, "--cell", json.dumps(asdict(cell))]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{side}: failed\n{done.stderr[-2000:]}")
    found = {**asdict(cell), "model": Path(cell.model).name, "side": side, "rate": float(done.stdout.split()[-1])}
    with open(results, "a") as file:
        file.write(json.dumps(found) + "\n")
    print(json.dumps(found), file=sys.stderr, flush=True)


def read(results: Path) -> dict[tuple[Any, ...], dict[str, float]]:
    """The median rate of each side, by model, new tokens, contexts and sequences."""
    rates: dict[tuple[Any, ...], dict[str, list[float]]] = {}
    for line in results.read_text().splitlines() if results.exists() else ():
        one = json.loads(line)
        key = tuple(one[name] for name in ("model", "new", "contexts", "sequences"))
        rates.setdefault(key, {}).setdefault(one["side"], []).append(one["rate"])
    return {key: {side: statistics.median(all) for side, all in of.items()} for key, of in rates.items()}


def show(found: dict[tuple[Any, ...], dict[str, float]]) -> None:
    """The rates as a Markdown table."""
    print("| model | new tokens | contexts | sequences | ours | -kvu | streams | loop | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for key, of in sorted(found.items()):
        best = max((of[layout] for layout in ("kvu", "streams") if layout in of), default=None)
        ratio = f"{of['ours'] / best:.2f}" if best and "ours" in of else ""
        rates = (f"{of[side]:.0f}" if side in of else "" for side in SIDES)
        print(f"| {' | '.join(map(str, (*key, *rates, ratio)))} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a GGUF; without one the table is of what was measured before")
    for name, values in (("new", "64,256,600,1000"), ("contexts", "1,4"), ("sequences", "1,4,16")):
        parser.add_argument(f"--{name}", default=values, help=f"default: {values}")
    parser.add_argument("--sides", default=",".join(SIDES), help="default: all")
    parser.add_argument("--results", type=Path, default=ROOT / "artifacts" / "engine_grid.jsonl")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--gpu", action="store_true", help="all layers on the GPU")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(SIDES[args.side](Cell(**json.loads(args.cell))))
        return
    args.results.parent.mkdir(parents=True, exist_ok=True)
    if args.model:
        if not args.model.exists():
            parser.error(f"--model {args.model}: there is no such file")
        from llama_cpp_tools import tools

        if {"kvu", "streams"}.intersection(args.sides.split(",")):
            tools(args.gpu)
        lists = ([int(value) for value in getattr(args, name).split(",")] for name in ("new", "contexts", "sequences"))
        new, contexts, sequences = lists
        for cell in (
            Cell(str(args.model.resolve()), n, c, s, args.threads, -1 if args.gpu else 0)
            for n in new
            for c in contexts
            for s in sequences
            if c <= s
        ):
            there = read(args.results).get((args.model.name, cell.new, cell.contexts, cell.sequences), {})
            for side in sides(cell):
                if side in args.sides.split(",") and side not in there:
                    measure(cell, side, args.results)
    show(read(args.results))


if __name__ == "__main__":
    main()
