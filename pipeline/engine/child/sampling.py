"""Draws the next token from logits: one sampler per sequence, each with its own random generator.

`OptionScorer` replaces the sampler of a sequence whose options are scored.

The filters have the order and the meaning of llama.cpp's: top-k, top-p, min-p, all on the
distribution before temperature, then the temperature. The arithmetic uses numpy, because the
sampler chain of llama.cpp builds an array of structures for every token: with 150,000 entries that
takes 2 ms, numpy 0.16 ms (benchmarks/results/engine.md). Few large array operations also release
the GIL, so threads run in parallel.
"""

from __future__ import annotations

import math
from random import Random

import numpy as np

from pipeline.engine.protocol import Sampling

_BLOCK = 512
# The likeliest tokens that top-p sorts first; more are rarely needed.
_HEAD = 1024


class BadLogits(Exception):
    """The model's output is not a distribution: it has NaN or infinite values."""


class Sampler:
    """Draws tokens for one sequence; the same seed and logits give the same tokens."""

    __slots__ = ("_inverse", "_log_min_p", "_random", "_top_k", "_top_p")
    logprobs: tuple[float, ...] = ()

    def __init__(self, sampling: Sampling, seed: int) -> None:
        greedy = sampling.temperature == 0
        self._inverse = np.float32(0 if greedy else 1 / sampling.temperature)
        self._top_k = sampling.top_k
        self._top_p = sampling.top_p
        self._log_min_p = np.float32(math.log(sampling.min_p)) if sampling.min_p else None
        self._random = Random(seed).random

    def draw(self, logits: np.ndarray) -> int:
        """Return a token id; `logits`: float32, one a token of the vocabulary. Raises BadLogits."""
        if not self._inverse:
            return int(logits.argmax())
        candidates = None
        if self._top_k or self._top_p < 1 or self._log_min_p is not None:
            candidates = self._candidates(logits)
            logits = logits[candidates]
        weights = logits * self._inverse
        weights -= weights.max()
        np.exp(weights, out=weights)
        index = _pick(weights, self._random())
        return index if candidates is None else int(candidates[index])

    def _candidates(self, logits: np.ndarray) -> np.ndarray:
        """Token ids that pass the filters, in ascending order."""
        ids = np.arange(len(logits))
        if 0 < self._top_k < len(logits):
            ids = np.argpartition(logits, -self._top_k)[-self._top_k :]
        if self._top_p < 1:
            ids = ids[_nucleus(logits[ids], self._top_p)]
        if self._log_min_p is not None:
            kept = logits[ids]
            ids = ids[kept >= kept.max() + self._log_min_p]
        ids.sort()
        return ids


class OptionScorer:
    """Computes the log-probability of each of `options` (token ids), and draws the likeliest."""

    __slots__ = ("_options", "logprobs")

    def __init__(self, options: tuple[int, ...]) -> None:
        self._options = list(options)
        self.logprobs: tuple[float, ...] = ()

    def draw(self, logits: np.ndarray) -> int:
        """Return one of the options, and set `logprobs`. Raises BadLogits."""
        top = logits.max()
        total = float(np.exp(logits - top).sum(dtype=np.float64))
        if not 0 < total < math.inf:
            raise BadLogits(f"the weights of the next token add up to {total}")
        log_total = float(top) + math.log(total)
        self.logprobs = tuple(float(logits[option]) - log_total for option in self._options)
        return self._options[int(np.argmax(self.logprobs))]


def _pick(weights: np.ndarray, position: float) -> int:
    """Index at which the running sum of `weights` passes the share `position` of their sum."""
    sums = np.add.reduceat(weights, np.arange(0, len(weights), _BLOCK))
    ends = np.cumsum(sums, dtype=np.float64)
    total = float(ends[-1])
    if not 0 < total < math.inf:
        raise BadLogits(f"the weights of the next token add up to {total}")
    target = position * total
    block = min(int(np.searchsorted(ends, target, side="right")), len(ends) - 1)
    if block:
        target -= float(ends[block - 1])
    inside = np.cumsum(weights[block * _BLOCK : (block + 1) * _BLOCK], dtype=np.float64)
    return block * _BLOCK + min(int(np.searchsorted(inside, target, side="right")), len(inside) - 1)


def _nucleus(logits: np.ndarray, top_p: float) -> np.ndarray:
    """Indices of the smallest set of likeliest tokens whose probability reaches `top_p`."""
    weights = np.exp(logits - logits.max())
    goal = top_p * float(weights.sum(dtype=np.float64))
    if len(weights) > 2 * _HEAD:
        head = np.argpartition(weights, -_HEAD)[-_HEAD:]
        if float(weights[head].sum(dtype=np.float64)) >= goal:
            nucleus: np.ndarray = head[_prefix(weights[head], goal)]
            return nucleus
    return _prefix(weights, goal)


def _prefix(weights: np.ndarray, goal: float) -> np.ndarray:
    """Indices of the largest weights, as few as add up to `goal`."""
    order = np.argsort(-weights, kind="stable")
    reached = np.cumsum(weights[order], dtype=np.float64)
    return order[: int(np.searchsorted(reached, goal)) + 1]
