"""Measures the choices behind the engine's constants: sequences, flash attention, sampler, threads.

    python benchmarks/engine_choices.py [sequences] [flash] [sampler] [threads] [company] [beside] [--model FILE]

Prints Markdown tables. Rates are tokens per second of CPU time on one thread, on which other load of
the machine has little influence. The default model is the demo model.

sequences: rate by number of sequences and by the order of requests that use four contexts
flash: CPU milliseconds of a step by sequences and their new tokens, with one cache for all sequences or a stream
    for each (as llama-batched-bench has without -kvu), with flash attention and without; on one thread, best of six
sampler: microseconds per token of this engine's sampler and of llama.cpp's chain, by vocabulary
threads: milliseconds to draw a token for each of 32 sequences, by vocabulary and number of threads
company: how many of 200 samples change with the other requests of their batch, as shipped and in
    32 bits
beside: tokens per second of wall time, beside other busy processes: one thread, all, and as many as
    cores are free
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import llama_cpp as lib
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.engine import EngineSettings, Request, Sampling, cores
from pipeline.engine.child import native
from pipeline.engine.child.batcher import Batcher
from pipeline.engine.child.contexts import Prompts
from pipeline.engine.child.cores import FreeCores
from pipeline.engine.child.sampling import Sampler
from pipeline.engine.child.worker import load
from pipeline.prompts import render
from pipeline.prompts.exemplars import load_set

DEMO = ROOT / "pipeline" / "demo"


# Of the part flash: a prompt that all sequences share, and how long their completions are when a step is timed.
PROMPT, LENGTHS, STEPS = 700, (32, 300, 500), 6


def demo_requests(n: int, contexts: int, max_tokens: int = 160) -> list[Request]:
    """Requests for responses of the demo model, each with one of `contexts` random contexts."""
    exemplars, rng = load_set(DEMO / "exemplars"), random.Random(3)
    pool = [render.context(exemplars, "responses", 2, str(key)) for key in range(contexts)]
    tails = [render.responses_tail(exemplar.instruction) for exemplar in exemplars.exemplars]
    stops = render.stops(exemplars, "responses")
    return [Request(str(i), rng.choice(pool), tails[i % len(tails)], max_tokens, stops, seed=i) for i in range(n)]


def run(model: str, requests: list[Request], look_ahead: int = 64, **settings: object) -> tuple[dict[str, str], float]:
    """Texts by request, and tokens per second of CPU time."""
    chosen = EngineSettings(model, n_ctx=1024, n_threads=1, **settings)  # type: ignore[arg-type]
    loaded, cache, plan = load(chosen, 0, lambda: None)
    batcher, prompts = Batcher(loaded, cache, plan, chosen), Prompts(loaded)
    source: Iterator[tuple[int, Request]] = iter(enumerate(requests))
    for key, request in islice(source, look_ahead):
        batcher.submit(prompts.job(key, request))
    texts, tokens, began = {}, 0, time.process_time()
    while batcher.busy:
        for _, completion in batcher.step():
            texts[completion.id] = completion.text
            tokens += completion.new_tokens
            for key, request in islice(source, 1):
                batcher.submit(prompts.job(key, request))
    rate = tokens / (time.process_time() - began)
    cache.free()
    loaded.free()
    return texts, rate


def sequences(model: str) -> None:
    one, mixed = demo_requests(96, 1), demo_requests(96, 4)
    orders = {
        "one context": one,
        "four, mixed": mixed,
        "four, one after the other": sorted(mixed, key=lambda r: r.context),
    }
    print("| sequences | " + " | ".join(orders) + " |\n|---|" + "---|" * len(orders))
    for n_seq in (1, 2, 4, 8, 16, 32):
        rates = [run(model, requests, n_seq=n_seq)[1] for requests in orders.values()]
        print(f"| {n_seq} | " + " | ".join(f"{rate:.0f}" for rate in rates) + " |", flush=True)


def flash(model: str) -> None:
    layouts = [
        ("one cache", True, 0),
        ("with flash attention", True, 1),
        ("a stream each", False, 0),
        ("both", False, 1),
    ]
    print("| sequences | new tokens | " + " | ".join(f"{name}, ms" for name, *_ in layouts) + " |")
    print("|---|---|" + "---:|" * len(layouts))
    loaded = native.Model(model, EngineSettings(model))
    for sequences in (1, 4, 16):
        times = [list(step_times(loaded, sequences, unified, kind)) for _, unified, kind in layouts]
        for length, row in zip(LENGTHS, zip(*times, strict=True), strict=True):
            print(f"| {sequences} | {length} | " + " | ".join(f"{ms:.0f}" for ms in row) + " |", flush=True)


def step_times(loaded: native.Model, sequences: int, unified: bool, flash_attn: int) -> Iterator[float]:
    """CPU milliseconds of a step of so many sequences on one thread, once each has `LENGTHS` new tokens."""
    longest = -(-(PROMPT + LENGTHS[-1] + STEPS + 1) // 256) * 256
    params = lib.llama_context_default_params()
    params.n_ctx = (PROMPT + sequences * (longest - PROMPT)) if unified else sequences * longest
    params.n_batch = params.n_ubatch = 512
    params.n_seq_max, params.kv_unified, params.flash_attn_type = sequences, unified, flash_attn
    params.n_threads = params.n_threads_batch = 1
    params.n_outputs_max, params.swa_full = sequences, unified
    context = lib.llama_init_from_model(loaded.handle, params)
    memory, rng = lib.llama_get_memory(context), np.random.default_rng(0)

    def decode(entries: list[tuple[int, int]], outputs: int) -> float:
        """Evaluate a random token for each (sequence, position); return CPU milliseconds."""
        batch = lib.llama_batch_init(len(entries), 0, 1)
        batch.n_tokens = len(entries)
        for i, (sequence, position) in enumerate(entries):
            batch.token[i] = int(rng.integers(loaded.n_vocab // 4, loaded.n_vocab // 2))
            batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = position, 1, sequence, outputs
        began = time.process_time()
        code = lib.llama_decode(context, batch)
        lib.llama_synchronize(context)
        seconds = time.process_time() - began
        lib.llama_batch_free(batch)
        assert code == 0, code
        return seconds * 1e3

    def read(sequence: int, first: int, last: int) -> None:
        for start in range(first, last, 512):
            decode([(sequence, position) for position in range(start, min(start + 512, last))], 0)

    read(0, 0, PROMPT)
    for sequence in range(1, sequences):
        lib.llama_memory_seq_cp(memory, 0, sequence, -1, -1)
    at = PROMPT
    for length in LENGTHS:
        for sequence in range(sequences):
            read(sequence, at, PROMPT + length)
        at = PROMPT + length
        yield min(decode([(sequence, at + step) for sequence in range(sequences)], 1) for step in range(STEPS))
        at += STEPS
    lib.llama_free(context)


def sampler(_model: str) -> None:
    """The chain's array of candidates is prepared in advance, in its favour."""
    print("| vocabulary | this engine, µs | llama.cpp's chain, µs |\n|---|---|---|")
    for size in (2_048, 32_000, 151_936):
        logits = (np.random.default_rng(0).standard_normal(size) * 3).astype(np.float32)
        mine = Sampler(Sampling(), 1)
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(0.7))
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(1))
        data = (lib.llama_token_data * size)()
        view = np.frombuffer(data, [("id", "i4"), ("logit", "f4"), ("p", "f4")])

        def theirs() -> None:
            view["id"] = np.arange(size)  # noqa: B023
            view["logit"] = logits  # noqa: B023
            array = lib.llama_token_data_array(data, size, -1, False)  # noqa: B023
            lib.llama_sampler_apply(chain, array)  # noqa: B023

        times = []
        for draw in (lambda: mine.draw(logits), theirs):  # noqa: B023
            began = time.process_time()
            for _ in range(200):
                draw()
            times.append((time.process_time() - began) / 200 * 1e6)
        print(f"| {size} | {times[0]:.0f} | {times[1]:.0f} |", flush=True)


def threads(_model: str) -> None:
    """Measures wall time, so it needs as many free cores as threads."""
    counts = [n for n in (1, 2, 4, 8, 16) if n <= cores()]
    print("| vocabulary | " + " | ".join(f"{n} threads, ms" for n in counts) + " |")
    print("|---|" + "---|" * len(counts))
    for size in (32_000, 151_936):
        logits = np.random.default_rng(0).standard_normal((32, size), np.float32) * 3
        samplers = [Sampler(Sampling(), seed) for seed in range(32)]
        row = []
        for n in counts:
            parts = [range(start, 32, n) for start in range(n)]

            def draw(rows: range) -> None:
                for i in rows:
                    samplers[i].draw(logits[i])  # noqa: B023

            with ThreadPoolExecutor(n) as pool:
                times = []
                for _ in range(40):
                    began = time.perf_counter()
                    list(pool.map(draw, parts))
                    times.append(time.perf_counter() - began)
            row.append(min(times) * 1e3)
        print(f"| {size} | " + " | ".join(f"{ms:.1f}" for ms in row) + " |", flush=True)


def company(model: str) -> None:
    import gguf

    requests = demo_requests(200, 4, 96)
    print("| weights | alone, and among 16 | among 16, and in reverse order |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "f32.gguf"
        _in_f32(gguf, model, exact)
        for name, path in (("as shipped", model), ("32 bits", str(exact))):
            alone, _ = run(path, requests, n_seq=1)
            among, _ = run(path, requests, n_seq=16)
            reverse, _ = run(path, requests[::-1], n_seq=16)
            changed = [sum(one[key] != other[key] for key in one) for one, other in ((alone, among), (among, reverse))]
            print(f"| {name} | {changed[0]} of 200 | {changed[1]} of 200 |", flush=True)


def beside(model: str) -> None:
    print("| busy processes | 1 thread | all | as many as are free |\n|---|---:|---:|---:|")
    for busy in range(cores() + 1):
        spin = [sys.executable, "-c", "while True: pass"]
        others = [subprocess.Popen(spin) for _ in range(busy)]
        try:
            rates = [wall_rate(model, 1), wall_rate(model, cores()), wall_rate(model, 0)]
        finally:
            for other in others:
                other.kill()
                other.wait()
        print(f"| {busy} | " + " | ".join(f"{rate:.0f}" for rate in rates) + " |", flush=True)


def wall_rate(model: str, n_threads: int, seconds: float = 20) -> float:
    """Tokens per second of wall time; `n_threads` 0: as many as cores are free."""
    chosen = EngineSettings(model, n_ctx=1024, n_threads=n_threads)
    loaded, cache, plan = load(chosen, 0, lambda: None)
    batcher, prompts = Batcher(loaded, cache, plan, chosen), Prompts(loaded)
    free_cores = FreeCores()
    for i, request in enumerate(demo_requests(512, 1)):
        batcher.submit(prompts.job(i, request))
    began = time.monotonic()
    while time.monotonic() - began < seconds and batcher.busy:
        batcher.step()
        if not n_threads:
            cache.use_threads(free_cores.threads(plan.n_threads))
    rate = batcher.take_counters().new_tokens / (time.monotonic() - began)
    cache.free()
    loaded.free()
    return rate


def _in_f32(gguf: object, model: str, path: Path) -> None:
    source = gguf.GGUFReader(model)  # type: ignore[attr-defined]
    writer = gguf.GGUFWriter(path, source.fields["general.architecture"].contents())  # type: ignore[attr-defined]
    for name, field in source.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            array = field.types[0] == gguf.GGUFValueType.ARRAY  # type: ignore[attr-defined]
            kind = field.types[-1] if array else None
            writer.add_key_value(name, field.contents(), field.types[0], kind)
    for tensor in source.tensors:
        data = gguf.dequantize(tensor.data, tensor.tensor_type)  # type: ignore[attr-defined]
        writer.add_tensor(tensor.name, data.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


PARTS = {
    "sequences": sequences,
    "flash": flash,
    "sampler": sampler,
    "threads": threads,
    "company": company,
    "beside": beside,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--model", default=str(DEMO / "selfcodealign-demo.gguf"))
    args = parser.parse_args()
    native.start()
    for part in args.parts:
        print(f"\n{part}\n")
        PARTS[part](args.model)


if __name__ == "__main__":
    main()
