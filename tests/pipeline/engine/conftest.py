"""Small real models, made here: one with random weights, and ones with a given output.

A scripted model is a real GGUF that llama.cpp runs: its only layer adds nothing, its embedding rows
are unit vectors, and its output matrix maps each token to its successor. After a prompt that ends
with a newline it generates its pieces in order, and then ends its text (or repeats the last one).
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine import EngineSettings, LlamaEngine, Request

ROOT = Path(__file__).resolve().parents[3]
DEMO_MODEL = ROOT / "pipeline" / "demo" / "selfcodealign-demo.gguf"


def _load_random_gguf():
    spec = importlib.util.spec_from_file_location("random_gguf", ROOT / "benchmarks" / "random_gguf.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["random_gguf"] = module
    spec.loader.exec_module(module)
    return module


random_gguf = _load_random_gguf()

CONTEXT = "## Example 1\n### Snippet\nabc def\n\n" * 12 + "## Example 13\n"


def write_scripted(path: Path, pieces: list[bytes], *, repeat: bool = False) -> Path:
    """A model that generates `pieces` after a newline."""
    symbols = random_gguf.byte_symbols()
    written = ["".join(symbols[byte] for byte in piece) for piece in pieces]
    assert len(set(written)) == len(written), "the pieces of a script must differ"
    n = -(-(258 + len(pieces)) // 32) * 32
    tokens = ["<|end|>", *symbols, *written, "qz"]
    tokens += [f"unused{i}" for i in range(n - len(tokens))]
    shape = random_gguf.Shape(n, 1, n // 32, 1, 32, n, 4096)
    w = random_gguf.header(path, shape, "scripted", (tokens, [3] + [1] * (n - 1), ["q z"]))
    successor = {1 + ord("\n"): 257}
    for i in range(len(pieces)):
        successor[257 + i] = 258 + i
    last = 256 + len(pieces)
    successor[last] = last if repeat else 0
    output = np.zeros((n, n), np.float32)
    for token, following in successor.items():
        output[following, token] = 2.0
    w.add_tensor("token_embd.weight", np.eye(n, dtype=np.float32))
    w.add_tensor("output.weight", output)
    ones, kv = np.ones(n, np.float32), 32
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        w.add_tensor(f"{name}.weight", ones)
    for name, rows, cols in (
        ("attn_q", n, n),
        ("attn_k", kv, n),
        ("attn_v", kv, n),
        ("attn_output", n, n),
        ("ffn_gate", 32, n),
        ("ffn_up", 32, n),
        ("ffn_down", n, 32),
    ):
        w.add_tensor(f"blk.0.{name}.weight", np.zeros((rows, cols), np.float32))
    random_gguf.finish(w)
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in F32: rounding is then too small to change what is drawn."""
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    random_gguf.write(path, random_gguf.PRESETS["tiny"], quant="f32")
    return path


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("scripted")

    def make(pieces: list[bytes], *, repeat: bool = False) -> Path:
        return write_scripted(folder / f"{len(list(folder.iterdir()))}.gguf", pieces, repeat=repeat)

    return make


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Iterator[LlamaEngine]:
    """An engine of eight sequences on the random model."""
    exact = {"type_k": "f32", "type_v": "f32"}
    with LlamaEngine(EngineSettings(str(tiny_model), n_seq=8, n_threads=1, **exact)) as opened:
        yield opened


@pytest.fixture(scope="session")
def make_requests() -> Callable[..., list[Request]]:
    """Requests "i/j" for sample j of prompt i."""

    def make(prompts: int, samples: int = 1, **more: Any) -> list[Request]:
        settings = {"context": CONTEXT, "max_tokens": 16, **more}
        return [
            Request(f"{i}/{j}", tail=f"### Snippet\nnumber {i}\n", seed=97 * i + j, **settings)
            for i in range(prompts)
            for j in range(samples)
        ]

    return make
