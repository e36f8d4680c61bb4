"""Conversion to GGUF: llama.cpp computes from the file what the architecture says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from pipeline.demo.convert import write_gguf
from pipeline.demo.dimensions import Shape
from pipeline.engine import inspect_model

SMALL = Shape(vocabulary=288, width=64, layers=2, heads=2, kv_heads=1, feed_forward=96, context=512)
TOKENS = [0, *range(40, 90), 7, 7, 200]
Logits = Callable[[Path, list[int]], Any]


def byte_symbols() -> list[str]:
    """The 256 printable characters that stand for bytes in a byte-level vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    symbols = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    return [symbols[b] for b in range(256)]


def small_tokenizer() -> dict[str, Any]:
    symbols = byte_symbols()
    pairs = [(symbols[97 + i], symbols[101]) for i in range(26)]
    pairs += [(symbols[97 + i], symbols[97]) for i in range(SMALL.vocabulary - 257 - 26)]
    tokens = ["<|endoftext|>", *symbols, *(a + b for a, b in pairs)]
    return {"model": {"vocab": {t: i for i, t in enumerate(tokens)}, "merges": pairs}}


def small_weights(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    kv = SMALL.kv_heads * SMALL.head_width
    sizes = {
        "attn_q": (SMALL.width, SMALL.width),
        "attn_k": (kv, SMALL.width),
        "attn_v": (kv, SMALL.width),
        "attn_output": (SMALL.width, SMALL.width),
        "ffn_gate": (SMALL.feed_forward, SMALL.width),
        "ffn_up": (SMALL.feed_forward, SMALL.width),
        "ffn_down": (SMALL.width, SMALL.feed_forward),
    }

    def normal(*size: int) -> Any:
        return rng.normal(0, size[-1] ** -0.5, size).astype(np.float32)

    weights = {"token_embd.weight": normal(SMALL.vocabulary, SMALL.width)}
    for layer in range(SMALL.layers):
        for name, size in sizes.items():
            weights[f"blk.{layer}.{name}.weight"] = normal(*size)
        for name in ("attn_norm", "ffn_norm"):
            weights[f"blk.{layer}.{name}.weight"] = rng.uniform(0.5, 1.5, SMALL.width)
    weights["output_norm.weight"] = rng.uniform(0.5, 1.5, SMALL.width)
    return weights


@pytest.mark.parametrize(("kind", "tolerance"), [("F16", 0.01), ("Q8_0", 0.2)])
def test_llama_cpp_computes_what_the_reference_does(
    kind: str, tolerance: float, tmp_path: Path, llama_logits: Logits, reference_logits: Logits
) -> None:
    path = tmp_path / "small.gguf"
    write_gguf(path, SMALL, small_weights(), small_tokenizer(), kind)
    expected = reference_logits(path, TOKENS)
    assert np.abs(llama_logits(path, TOKENS) - expected).max() < tolerance


def test_the_reference_notices_swapped_weights(tmp_path: Path, llama_logits: Logits, reference_logits: Logits) -> None:
    path, other = tmp_path / "a.gguf", tmp_path / "b.gguf"
    weights = small_weights()
    write_gguf(path, SMALL, weights, small_tokenizer(), "F16")
    weights["blk.0.ffn_gate.weight"], weights["blk.0.ffn_up.weight"] = (
        weights["blk.0.ffn_up.weight"],
        weights["blk.0.ffn_gate.weight"],
    )
    write_gguf(other, SMALL, weights, small_tokenizer(), "F16")
    difference = llama_logits(other, TOKENS) - reference_logits(path, TOKENS)
    assert np.abs(difference).max() > 0.05


def test_norms_stay_in_full_precision_and_the_output_is_tied(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    write_gguf(path, SMALL, small_weights(), small_tokenizer(), "Q8_0")
    types = {t.name: t.tensor_type.name for t in gguf.GGUFReader(str(path)).tensors}
    assert {types[name] for name in types if "norm" in name} == {"F32"}
    assert {types[name] for name in types if "norm" not in name} == {"Q8_0"}
    assert "output.weight" not in types


def test_the_engine_reads_the_facts_of_a_converted_file(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    write_gguf(path, SMALL, small_weights(), small_tokenizer(), "F16")
    facts = inspect_model(str(path), ["aebe\n", ""])
    assert (facts.name, facts.architecture) == ("selfcodealign-demo", "llama")
    assert (facts.n_ctx_train, facts.n_vocab) == (512, 288)
    assert facts.add_bos and not facts.has_chat_template
    assert facts.token_counts[0] in (3, 4)
