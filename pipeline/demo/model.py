"""The Llama architecture in plain PyTorch: RMSNorm, RoPE, grouped-query attention, SwiGLU.

RoPE rotates interleaved pairs, as llama.cpp does for the architecture `llama`, so the weights need
no permutation on conversion. The embedding is tied to the output.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.demo.dimensions import Shape


def rope_angles(shape: Shape) -> tuple[Tensor, Tensor]:
    """Cosines and sines, (context, head_width / 2) each."""
    steps = torch.arange(0, shape.head_width, 2).float() / shape.head_width
    angles = torch.outer(torch.arange(shape.context).float(), 1.0 / shape.rope_base**steps)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Apply RoPE to (batch, heads, time, head_width)."""
    batch, heads, time, width = x.shape
    even, odd = x.view(batch, heads, time, width // 2, 2).unbind(-1)
    pairs = torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1)
    return pairs.view(batch, heads, time, width)


class RMSNorm(nn.Module):  # type: ignore[misc]  # torch is not followed
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.epsilon)


class Block(nn.Module):  # type: ignore[misc]  # torch is not followed
    """Attention and feed-forward, each behind a norm and around a residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        kv_width = shape.kv_heads * shape.head_width
        self.attn_norm = RMSNorm(shape.width, shape.norm_epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, kv_width, bias=False)
        self.attn_v = nn.Linear(shape.width, kv_width, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = RMSNorm(shape.width, shape.norm_epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.ffn_down = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self._attend(self.attn_norm(x), cos, sin)
        h = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(h)) * self.ffn_up(h))

    def _attend(self, h: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, time, _ = h.shape
        width = self.shape.head_width

        def heads(x: Tensor, count: int) -> Tensor:
            return x.view(batch, time, count, width).transpose(1, 2)

        q = rotate(heads(self.attn_q(h), self.shape.heads), cos, sin)
        k = rotate(heads(self.attn_k(h), self.shape.kv_heads), cos, sin)
        v = heads(self.attn_v(h), self.shape.kv_heads)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.attn_output(mixed.transpose(1, 2).reshape(batch, time, -1))


class Llama(nn.Module):  # type: ignore[misc]  # torch is not followed
    """Token ids (batch, time) to logits (batch, time, vocabulary)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = RMSNorm(shape.width, shape.norm_epsilon)
        cos, sin = rope_angles(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.token_embd.weight, std=0.02)
        for name, parameter in self.blk.named_parameters():
            if parameter.dim() == 2:
                into_residual = name.endswith(("attn_output.weight", "ffn_down.weight"))
                gain = 0.3 if into_residual else 0.7
                nn.init.normal_(parameter, std=gain * parameter.shape[1] ** -0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        time = tokens.shape[1]
        x = self.token_embd(tokens)
        cos, sin = (self.get_buffer(name)[:time].to(x.dtype) for name in ("cos", "sin"))
        for block in self.blk:
            x = block(x, cos, sin)
        return functional.linear(self.output_norm(x), self.token_embd.weight)

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats a token."""
        logits = self.forward(tokens).flatten(0, 1).float()
        return functional.cross_entropy(logits, targets.flatten())
