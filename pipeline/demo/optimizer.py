"""Two optimizers in one: orthogonalised momentum for matrices, AdamW for the rest.

The update of a weight matrix is its momentum made nearly orthogonal by five Newton-Schulz steps
(Muon, Keller Jordan 2024; the quintic coefficients are its). Embedding and norms use AdamW.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
MOMENTUM = (0.85, 0.95)
MOMENTUM_WARMUP = 100
WEIGHT_DECAY = 0.02


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest-to-orthogonal version of each matrix of a stack, (count, rows, columns)."""
    a, b, c = NEWTON_SCHULZ
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return (x.mT if tall else x).float()


class MatrixAndRest:
    """Steps all parameters of a model; `scale` is the schedule's factor on both learning rates."""

    def __init__(self, model: nn.Module, matrix_rate: float, rest_rate: float) -> None:
        rest: list[Tensor] = []
        self.groups: dict[tuple[int, ...], list[Tensor]] = {}
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embd" not in name:
                self.groups.setdefault(tuple(parameter.shape), []).append(parameter)
            else:
                rest.append(parameter)
        self.momenta = {shape: torch.zeros(len(g), *shape) for shape, g in self.groups.items()}
        self.matrix_rate, self.rest_rate, self.steps = matrix_rate, rest_rate, 0
        self.adam = torch.optim.AdamW(rest, lr=rest_rate, betas=(0.9, 0.95), weight_decay=0.0)

    @torch.no_grad()  # type: ignore[untyped-decorator]  # torch is not followed
    def step(self, scale: float) -> None:
        low, high = MOMENTUM
        momentum = min(high, low + (high - low) * self.steps / MOMENTUM_WARMUP)
        rate = self.matrix_rate * scale
        for shape, parameters in self.groups.items():
            gradient = torch.stack([p.grad for p in parameters if p.grad is not None])
            buffer = self.momenta[shape].mul_(momentum).add_(gradient)
            update = orthogonalise(gradient + momentum * buffer) * max(1, shape[0] / shape[1]) ** 0.5
            for parameter, change in zip(parameters, update, strict=True):
                parameter.mul_(1 - rate * WEIGHT_DECAY).add_(change, alpha=-rate)
        for group in self.adam.param_groups:
            group["lr"] = self.rest_rate * scale
        self.adam.step()
        self.steps += 1

    def state(self) -> dict[str, Any]:
        return {"momenta": self.momenta, "adam": self.adam.state_dict(), "steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        self.momenta, self.steps = state["momenta"], state["steps"]
        self.adam.load_state_dict(state["adam"])
