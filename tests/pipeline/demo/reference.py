"""The Llama architecture once more, in NumPy and float32: what a converted file should compute.

Written from the published equations, apart from the training code, to be compared with llama.cpp.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import dequantize

Array = np.ndarray[Any, np.dtype[np.float32]]


class Reference:
    """A GGUF file of architecture `llama`, run one whole sequence at a time."""

    def __init__(self, path: Path) -> None:
        reader = gguf.GGUFReader(str(path))
        self.weights: dict[str, Array] = {
            t.name: dequantize(t.data, t.tensor_type).astype(np.float32) for t in reader.tensors
        }

        def number(key: str) -> float:
            return float(reader.fields[f"llama.{key}"].contents())

        self.layers = int(number("block_count"))
        self.heads = int(number("attention.head_count"))
        self.kv_heads = int(number("attention.head_count_kv"))
        self.epsilon = number("attention.layer_norm_rms_epsilon")
        self.base = number("rope.freq_base")

    def logits(self, tokens: list[int]) -> Array:
        """Logits after each token, (time, vocabulary)."""
        embedding = self.weights["token_embd.weight"]
        x = embedding[tokens]
        for layer in range(self.layers):
            x = x + self._attention(layer, x)
            x = x + self._feed_forward(layer, x)
        return self._norm(x, "output_norm") @ embedding.T

    def _linear(self, x: Array, name: str) -> Array:
        return x @ self.weights[f"{name}.weight"].T

    def _norm(self, x: Array, name: str) -> Array:
        scale = 1.0 / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon)
        return x * scale * self.weights[f"{name}.weight"]

    def _attention(self, layer: int, x: Array) -> Array:
        h = self._norm(x, f"blk.{layer}.attn_norm")
        time, width = x.shape
        size = width // self.heads
        q = self._rotate(self._linear(h, f"blk.{layer}.attn_q").reshape(time, self.heads, size))
        k = self._rotate(self._linear(h, f"blk.{layer}.attn_k").reshape(time, self.kv_heads, size))
        v = self._linear(h, f"blk.{layer}.attn_v").reshape(time, self.kv_heads, size)
        group = self.heads // self.kv_heads
        mask = np.triu(np.full((time, time), -np.inf, dtype=np.float32), 1)
        mixed = np.empty_like(q)
        for head in range(self.heads):
            scores = q[:, head] @ k[:, head // group].T / np.sqrt(size) + mask
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            mixed[:, head] = weights / weights.sum(-1, keepdims=True) @ v[:, head // group]
        return self._linear(mixed.reshape(time, width), f"blk.{layer}.attn_output")

    def _feed_forward(self, layer: int, x: Array) -> Array:
        h = self._norm(x, f"blk.{layer}.ffn_norm")
        gate = self._linear(h, f"blk.{layer}.ffn_gate")
        up = self._linear(h, f"blk.{layer}.ffn_up")
        return self._linear(gate / (1.0 + np.exp(-gate)) * up, f"blk.{layer}.ffn_down")

    def _rotate(self, x: Array) -> Array:
        time, _, size = x.shape
        rates = self.base ** (-np.arange(0, size, 2, dtype=np.float32) / size)
        angle = np.arange(time, dtype=np.float32)[:, None, None] * rates
        even, odd = x[..., 0::2], x[..., 1::2]
        out = np.empty_like(x)
        out[..., 0::2] = even * np.cos(angle) - odd * np.sin(angle)
        out[..., 1::2] = even * np.sin(angle) + odd * np.cos(angle)
        return out
