"""Write a GGUF with random weights, of any size, for throughput work.

The text such a model makes is noise; its arithmetic costs what a trained model of the same shape
costs. Linear layers are Q8_0 (or F16), norms F32, the vocabulary is byte-level BPE.

    python benchmarks/random_gguf.py OUT.gguf --preset 110m

In: a shape. Out: one file. Needs the `gguf` package.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import gguf
import numpy as np

Vocabulary = tuple[list[str], list[int], list[str]]  # tokens, their types, merges


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a Llama-architecture model; `n_vocab` is at least 257."""

    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_head_kv: int = 4
    n_ff: int = 2048
    n_vocab: int = 32000
    n_ctx: int = 8192
    add_bos: bool = False

    @property
    def n_params(self) -> int:
        head = self.n_embd // self.n_head
        layer = 2 * self.n_embd * self.n_embd + 2 * self.n_embd * head * self.n_head_kv
        return self.n_layer * (layer + 3 * self.n_embd * self.n_ff) + 2 * self.n_vocab * self.n_embd


PRESETS = {
    "tiny": Shape(64, 2, 2, 1, 128, 512, 2048),
    "110m": Shape(),
    "vocab150k": Shape(256, 4, 4, 2, 640, 151936, 8192),
    "1b": Shape(2048, 22, 32, 4, 5632, 32000, 8192),
    "7b": Shape(3584, 28, 28, 4, 18944, 152064, 32768),
}


def byte_symbols() -> list[str]:
    """The printable character that byte-level BPE writes for each of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols, extra = {b: chr(b) for b in plain}, itertools.count(256)
    return [symbols[b] if b in symbols else chr(next(extra)) for b in range(256)]


def vocabulary(n_vocab: int) -> Vocabulary:
    """Tokens, their types and merges: end of text, the bytes, pairs of letters, unused ones."""
    symbols = byte_symbols()
    letters = [symbols[b] for b in range(97, 123)]
    pairs = list(itertools.product(letters, letters))[: max(0, n_vocab - 257)]
    tokens = ["<|end|>", *symbols, *(a + b for a, b in pairs)]
    types = [gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (len(tokens) - 1)
    # Filler is NORMAL, so that sampling over it costs what a real vocabulary costs.
    filler = [f"unused{i}" for i in range(n_vocab - len(tokens))]
    types += [gguf.TokenType.NORMAL] * len(filler)
    return tokens + filler, [int(t) for t in types], [f"{a} {b}" for a, b in pairs]


def header(path: Path, shape: Shape, name: str, vocab: Vocabulary | None = None) -> gguf.GGUFWriter:
    """A writer with the metadata of `shape`; the caller adds the tensors."""
    w = gguf.GGUFWriter(str(path), "llama")
    w.add_name(name)
    w.add_context_length(shape.n_ctx)
    w.add_embedding_length(shape.n_embd)
    w.add_block_count(shape.n_layer)
    w.add_feed_forward_length(shape.n_ff)
    w.add_head_count(shape.n_head)
    w.add_head_count_kv(shape.n_head_kv)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(shape.n_embd // shape.n_head)
    w.add_rope_freq_base(10000.0)
    w.add_vocab_size(shape.n_vocab)
    tokens, types, merges = vocab or vocabulary(shape.n_vocab)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(tokens)
    w.add_token_types(types)
    w.add_token_merges(merges)
    w.add_eos_token_id(0)
    w.add_bos_token_id(0)
    w.add_add_bos_token(shape.add_bos)
    return w


def finish(w: gguf.GGUFWriter) -> None:
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write(path: Path, shape: Shape, *, quant: str = "q8_0", seed: int = 0) -> None:
    """Write a model of `shape` with normal random weights; `quant` is q8_0, f16 or f32."""
    w = header(path, shape, f"random-{shape.n_params / 1e6:.0f}m")
    w.add_file_type({"f32": 0, "f16": 1, "q8_0": 7}[quant])
    kinds = {"q8_0": gguf.GGMLQuantizationType.Q8_0, "f16": gguf.GGMLQuantizationType.F16}
    rng = np.random.default_rng(seed)

    def linear(tensor: str, rows: int, cols: int) -> None:
        data = rng.standard_normal((rows, cols), dtype=np.float32) * np.float32(0.02)
        kind = kinds.get(quant)
        if kind is None:
            w.add_tensor(tensor, data)
        else:
            w.add_tensor(tensor, gguf.quantize(data, kind), raw_dtype=kind)

    def ones(tensor: str) -> None:
        w.add_tensor(tensor, np.ones(shape.n_embd, dtype=np.float32))

    n, kv = shape.n_embd, shape.n_head_kv * (shape.n_embd // shape.n_head)
    linear("token_embd.weight", shape.n_vocab, n)
    linear("output.weight", shape.n_vocab, n)
    ones("output_norm.weight")
    for i in range(shape.n_layer):
        block = f"blk.{i}."
        ones(block + "attn_norm.weight")
        ones(block + "ffn_norm.weight")
        linear(block + "attn_q.weight", n, n)
        linear(block + "attn_k.weight", kv, n)
        linear(block + "attn_v.weight", kv, n)
        linear(block + "attn_output.weight", n, n)
        linear(block + "ffn_gate.weight", shape.n_ff, n)
        linear(block + "ffn_up.weight", shape.n_ff, n)
        linear(block + "ffn_down.weight", n, shape.n_ff)
    finish(w)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--preset", choices=PRESETS, default="110m")
    parser.add_argument("--quant", choices=("q8_0", "f16", "f32"), default="q8_0")
    parser.add_argument("--n-vocab", type=int)
    args = parser.parse_args()
    shape = PRESETS[args.preset]
    if args.n_vocab:
        shape = replace(shape, n_vocab=args.n_vocab)
    write(args.out, shape, quant=args.quant)
    print(f"{args.out}: {shape.n_params / 1e6:.0f}M parameters, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
