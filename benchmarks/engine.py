"""Compares the engine with llama.cpp's programs and with llama-cpp-python's loop, in one run.

    python benchmarks/engine.py [--quick] [--json] [--model FILE] [--threads N] [--gpu]

Every side runs in a process of its own, the sides of a comparison one after the other in every
round. A figure is the median over the rounds of a ratio within a round: on a shared machine, ratios
are more reliable than times. Decode measurements are short, so each is the best of some repeats, for
both sides. All sides have the same number of threads. The cores must be idle: threads that wait for
one whose core is taken lose most of their time (engine_choices.py beside). The model has random
weights: the text is noise.

The workload: 64 requests x 4 samples, contexts of 1,000 tokens, tails of 60, 64 new tokens.

vs_batched_bench: decode rate over that of `llama-batched-bench -pps -kvu`, an upper limit because it
    draws no tokens and replaces no sequences; the lowest of the batch sizes
vs_limit: on the workload, the time that batched-bench's rates need for the tokens that must be
    computed, over the engine's time
vs_loop_shared_context: tokens per second over those of `Llama.create_completion` in a loop, with one
    context for all
vs_loop_own_contexts: the same, where every call of the loop has its own context (as in the
    reference's stages of one sample) and the engine shares four
vs_loop_own_contexts_by_request: the same, where the four samples of a request share its context
vs_llama_server_cold: tokens per second over those of `llama-server -np 16`, both from empty caches
python_share, sampling_share: of a decode step at the largest size

Not measured here: a real model with real lengths (engine_grid.py), the choices behind the engine's constants
(engine_choices.py).
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import json
import os
import random
import socket
import statistics
import string
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

CONTEXT, TAIL, NEW = 1000, 60, 64
SAMPLES = 4
POOL = 4


@dataclass(frozen=True, slots=True)
class Setup:
    """Parameters that all sides share."""

    model: str
    threads: int
    n_seq: int  # one of `sizes`
    requests: int
    loop_calls: int
    sizes: tuple[int, ...]
    gpu_layers: int

    @property
    def flash(self) -> str:
        return "auto" if self.gpu_layers else "off"  # on a CPU, off is faster for all sides


def text(rng: random.Random, n_tokens: int) -> str:
    """`n_tokens` tokens: capital letters and digits, which the vocabulary never joins."""
    return "".join(rng.choices(string.ascii_uppercase + string.digits, k=n_tokens))


def prompts(setup: Setup, contexts: int) -> list[tuple[str, str]]:
    """Context and tail of every request, ordered by context."""
    rng = random.Random(20)
    pool = [text(rng, CONTEXT) for _ in range(contexts)]
    share = -(-setup.requests // contexts)
    return [(pool[i // share], text(rng, TAIL)) for i in range(setup.requests)]


# The sides. Each returns figures; each is run in a fresh process by `run_side`.


def batched_bench(setup: Setup) -> dict[str, Any]:
    """Prefill and decode rate for one batch size, in tokens per second."""
    from llama_cpp_tools import tools

    cells = CONTEXT + TAIL + setup.n_seq * (NEW + 2) + 256
    argv = [str(tools(bool(setup.gpu_layers))["llama-batched-bench"]), "-m", setup.model]
    argv += ["-c", str(cells), "-b", "512", "-ub", "512", "-npp", str(CONTEXT + TAIL)]
    argv += ["-ntg", str(NEW), "-npl", str(setup.n_seq), "-pps", "-kvu"]
    argv += ["-t", str(setup.threads), "-tb", str(setup.threads), "-fa", setup.flash]
    argv += ["-ngl", str(setup.gpu_layers), "--output-format", "jsonl"]
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    (row,) = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {"size": setup.n_seq, "prefill": row["speed_pp"], "decode": row["speed_tg"]}


def decode(setup: Setup) -> dict[str, Any]:
    """The engine's decode rate for the same, drawing included, and the shares of a step's time."""
    from pipeline.engine import EngineSettings, Request
    from pipeline.engine.child import native
    from pipeline.engine.child.batcher import Batcher
    from pipeline.engine.child.contexts import Prompts
    from pipeline.engine.child.worker import load

    native.start()
    rng = random.Random(21)
    context, tail = text(rng, CONTEXT), text(rng, TAIL)
    settings = EngineSettings(
        setup.model,
        n_seq=setup.n_seq,
        n_cells=CONTEXT + TAIL + setup.n_seq * (NEW + 2) + 256,
        n_threads=setup.threads,
        n_gpu_layers=setup.gpu_layers,
    )
    model, cache, plan = load(settings, 0, lambda: None)
    batcher, prepare = Batcher(model, cache, plan, settings), Prompts(model)
    for i in range(setup.n_seq):
        batcher.submit(prepare.job(i, Request(str(i), context, tail, NEW + 1, seed=i)))
    while not batcher.counters.new_tokens:
        batcher.step()
    batcher.take_counters()
    began = time.perf_counter()
    while batcher.busy:
        batcher.step()
    seconds, done = time.perf_counter() - began, batcher.take_counters()
    return {
        "size": setup.n_seq,
        "decode": done.new_tokens / seconds,
        "sampling_share": done.sample_seconds / seconds,
        "python_share": 1 - (done.decode_seconds + done.sample_seconds) / seconds,
    }


def engine(setup: Setup, contexts: int) -> dict[str, Any]:
    """The workload through `LlamaEngine`, from empty caches; loading the model is not counted."""
    from pipeline.engine import EngineSettings, LlamaEngine, Request

    settings = EngineSettings(
        setup.model,
        n_seq=setup.n_seq,
        n_threads=setup.threads,
        n_gpu_layers=setup.gpu_layers,
    )
    work = prompts(setup, contexts)
    with LlamaEngine(settings) as opened:
        opened.start()
        began = time.perf_counter()
        tokens = sum(
            completion.new_tokens
            for completion in opened.generate(
                Request(f"{i}/{j}", context, tail, NEW, seed=i * SAMPLES + j)
                for i, (context, tail) in enumerate(work)
                for j in range(SAMPLES)
            )
        )
        seconds = time.perf_counter() - began
        stats = opened.stats()
    return {
        "rate": tokens / seconds,
        "seconds": seconds,
        "tokens": tokens,
        "computed": stats.prompt_tokens_computed,
        "needed": stats.prompt_tokens_needed,
    }


def loop(setup: Setup, kind: str) -> dict[str, Any]:
    """`Llama.create_completion` in a loop; it keeps the prefix that two consecutive calls share."""
    import llama_cpp

    llm = llama_cpp.Llama(
        setup.model,
        n_ctx=2048,
        n_threads=setup.threads,
        n_threads_batch=setup.threads,
        n_gpu_layers=setup.gpu_layers,
        flash_attn=bool(setup.gpu_layers),
        verbose=False,
    )
    rng = random.Random(22)
    shared = text(rng, CONTEXT)
    samples = {"shared": SAMPLES, "own": 1, "own by request": SAMPLES}[kind]

    def call(prompt: str, seed: int) -> int:
        answer = llm.create_completion(
            prompt, max_tokens=NEW, temperature=0.7, top_k=0, top_p=1.0, min_p=0.0, seed=seed
        )
        return answer["usage"]["completion_tokens"]

    call(shared + text(rng, TAIL), 0)  # the first evaluation of a shared context is not its rate
    began, tokens, calls = time.perf_counter(), 0, 0
    while calls < setup.loop_calls:
        prompt = (shared if kind == "shared" else text(rng, CONTEXT)) + text(rng, TAIL)
        for seed in range(samples):
            tokens += call(prompt, seed)
            calls += 1
    return {"rate": tokens / (time.perf_counter() - began)}


def llama_server(setup: Setup) -> dict[str, Any]:
    """The workload on llama-server with a slot for each sequence, from empty caches."""
    from llama_cpp_tools import tools

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [str(tools(bool(setup.gpu_layers))["llama-server"]), "-m", setup.model]
    argv += ["-np", str(setup.n_seq), "-c", str(setup.n_seq * 2048), "-fa", setup.flash]
    argv += ["-t", str(setup.threads), "-tb", str(setup.threads), "--port", str(port)]
    argv += ["-ngl", str(setup.gpu_layers), "--offline"]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while _post(port, "/health", None) is None:
            time.sleep(0.2)
        work = [(c + t, j) for c, t in prompts(setup, 1) for j in range(SAMPLES)][::-1]
        tokens: list[int] = []

        def client() -> None:
            while work:
                prompt, seed = work.pop()
                body = {"prompt": prompt, "max_tokens": NEW, "temperature": 0.7, "seed": seed}
                body |= {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
                answer = _post(port, "/v1/completions", body)
                assert answer is not None
                tokens.append(answer["usage"]["completion_tokens"])

        clients = [threading.Thread(target=client) for _ in range(setup.n_seq)]
        began = time.perf_counter()
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        return {"rate": sum(tokens) / (time.perf_counter() - began)}
    finally:
        server.kill()
        server.wait()


def _post(port: int, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        headers = {"content-type": "application/json"}
        connection.request("POST" if body else "GET", path, json.dumps(body or {}), headers)
        answer = connection.getresponse()
        data = answer.read()
        return json.loads(data) if answer.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


SIDES: dict[str, Callable[[Setup], dict[str, Any]]] = {
    "batched-bench": batched_bench,
    "decode": decode,
    "engine, one context": lambda setup: engine(setup, 1),
    "engine, four contexts": lambda setup: engine(setup, POOL),
    "loop, one context": lambda setup: loop(setup, "shared"),
    "loop, own contexts": lambda setup: loop(setup, "own"),
    "loop, own contexts by request": lambda setup: loop(setup, "own by request"),
    "llama-server": llama_server,
}
DECODE_SIDES = ("batched-bench", "decode")


def run_side(name: str, setup: Setup) -> dict[str, Any]:
    argv = [sys.executable, __file__, "--side", name, "--setup", json.dumps(asdict(setup))]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: failed\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {name}: {_short(figures)}", file=sys.stderr, flush=True)
    return figures


def _short(figures: dict[str, Any]) -> str:
    def show(value: Any) -> str:
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    return ", ".join(f"{key} {show(value)}" for key, value in figures.items())


def decode_pairs(setup: Setup, size: int, repeats: int) -> list[list[dict[str, Any]]]:
    """Figures of both decode sides for one batch size, alternating."""
    alone = replace(setup, n_seq=size)
    return [[run_side(name, alone) for name in DECODE_SIDES] for _ in range(repeats)]


def compare(setup: Setup, rounds: int, repeats: int) -> dict[str, Any]:
    """Run every side `rounds` times (decode `repeats` times each) and take medians of ratios."""
    ratios: dict[str, list[float]] = {}
    raw: list[dict[str, Any]] = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        sized = {n: decode_pairs(setup, n, repeats) for n in setup.sizes}
        side = {name: run_side(name, setup) for name in SIDES if name not in DECODE_SIDES}
        raw.append({"decode": sized, **side})
        one, four = side["engine, one context"], side["engine, four contexts"]["rate"]
        limit = {n: max(bench["decode"] for bench, _ in pairs) for n, pairs in sized.items()}
        reached = {n: max(mine["decode"] for _, mine in pairs) for n, pairs in sized.items()}
        prefill = max(bench["prefill"] for pairs in sized.values() for bench, _ in pairs)
        largest = [mine for _, mine in sized[max(setup.sizes)]]
        ideal = one["computed"] / prefill + one["tokens"] / limit[setup.n_seq]
        new = {f"vs_batched_bench_{n}": reached[n] / limit[n] for n in setup.sizes}
        new |= {
            "vs_limit": ideal / one["seconds"],
            "vs_loop_shared_context": one["rate"] / side["loop, one context"]["rate"],
            "vs_loop_own_contexts": four / side["loop, own contexts"]["rate"],
            "vs_loop_own_contexts_by_request": four / side["loop, own contexts by request"]["rate"],
            "vs_llama_server_cold": one["rate"] / side["llama-server"]["rate"],
            "python_share": statistics.median(mine["python_share"] for mine in largest),
            "sampling_share": statistics.median(mine["sampling_share"] for mine in largest),
        }
        for key, value in new.items():
            ratios.setdefault(key, []).append(value)
    medians = {key: round(statistics.median(values), 4) for key, values in ratios.items()}
    lowest = min(medians[f"vs_batched_bench_{n}"] for n in setup.sizes)
    return {"vs_batched_bench": lowest, **medians, "rounds": raw, "setup": asdict(setup)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of a smaller workload")
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--model", help="a GGUF made by random_gguf.py; default: 110M parameters")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--gpu", action="store_true", help="all layers on the GPU")
    parser.add_argument("--n-seq", type=int, default=16)
    parser.add_argument("--sizes", default="1,8,16,32", help="batch sizes of the decode figures")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--setup", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if str(args.n_seq) not in args.sizes.split(","):
        parser.error("--n-seq must be one of --sizes")
    if args.side:
        given = json.loads(args.setup)
        setup = Setup(**{**given, "sizes": tuple(given["sizes"])})
        print(json.dumps(SIDES[args.side](setup)))
        return
    from llama_cpp_tools import cache_folder, tools

    model = Path(args.model) if args.model else cache_folder() / "random-110m.gguf"
    if args.model and not model.exists():
        parser.error(f"--model {args.model}: there is no such file")
    if not model.exists() and not importlib.util.find_spec("gguf"):
        sys.exit("the model has to be written, and the package gguf is not installed: install it first")
    tools(args.gpu)
    if not model.exists():
        from random_gguf import PRESETS, write

        write(model, PRESETS["110m"])
    setup = Setup(
        model=str(model),
        threads=args.threads,
        n_seq=args.n_seq,
        requests=16 if args.quick else 64,
        loop_calls=12 if args.quick else 32,
        sizes=tuple(int(n) for n in args.sizes.split(",")),
        gpu_layers=-1 if args.gpu else 0,
    )
    figures = compare(setup, args.rounds or (1 if args.quick else 3), repeats=2 if args.quick else 3)
    if args.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        if not isinstance(value, list | dict):
            print(f"{key:36} {value}")


if __name__ == "__main__":
    main()
