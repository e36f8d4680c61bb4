"""The sampler: its distribution, its filters, its seeds."""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np
import pytest

from pipeline.engine import Sampling
from pipeline.engine.child.sampling import BadLogits, OptionScorer, Sampler

LOGITS = (np.random.default_rng(5).standard_normal(3000) * 3).astype(np.float32)


def drawn(sampling: Sampling, logits: np.ndarray, n: int) -> np.ndarray:
    sampler = Sampler(sampling, seed=11)
    return np.bincount([sampler.draw(logits) for _ in range(n)], minlength=len(logits))


def kept_by_llama_cpp(sampling: Sampling, logits: np.ndarray) -> set[int]:
    """The tokens that llama.cpp's own filters leave."""
    data = (llama_cpp.llama_token_data * len(logits))(*((i, float(x), 0.0) for i, x in enumerate(logits)))
    array = llama_cpp.llama_token_data_array(data, len(logits), -1, False)
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for sampler in (
        llama_cpp.llama_sampler_init_top_k(sampling.top_k),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
    ):
        llama_cpp.llama_sampler_chain_add(chain, sampler)
    llama_cpp.llama_sampler_apply(chain, ctypes.byref(array))
    kept = {array.data[i].id for i in range(array.size)}
    llama_cpp.llama_sampler_free(chain)
    return kept


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_their_probability_says(temperature):
    n = 20_000
    weights = np.exp(LOGITS.astype(np.float64) / temperature)
    expected = n * weights / weights.sum()
    likely = expected >= 20
    counts = drawn(Sampling(temperature), LOGITS, n)
    deviation = (counts - expected)[likely] / np.sqrt(expected[likely])
    assert abs(deviation).max() < 5
    assert counts[~likely].sum() == pytest.approx(expected[~likely].sum(), abs=5 * n**0.5)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(top_k=1),
        Sampling(top_k=40),
        Sampling(top_k=5000),
        Sampling(top_p=0.5),
        Sampling(top_p=0.95),
        Sampling(top_p=0.9999),
        Sampling(min_p=0.02),
        Sampling(top_k=200, top_p=0.8, min_p=0.05),
    ],
)
def test_the_filters_keep_what_those_of_llama_cpp_keep(sampling):
    sampler = Sampler(sampling, 0)
    assert set(sampler._candidates(LOGITS).tolist()) == kept_by_llama_cpp(sampling, LOGITS)
    counts = drawn(sampling, LOGITS, 300)
    assert set(np.flatnonzero(counts).tolist()) <= kept_by_llama_cpp(sampling, LOGITS)


def test_temperature_zero_takes_the_most_likely_token():
    assert drawn(Sampling(temperature=0), LOGITS, 5)[LOGITS.argmax()] == 5


def test_a_token_that_is_nearly_certain_is_drawn_every_time():
    logits = np.zeros(1500, np.float32)
    logits[1499] = 60
    assert drawn(Sampling(), logits, 200)[1499] == 200


def test_the_same_seed_draws_the_same_and_another_draws_other_tokens():
    def first(seed: int) -> list[int]:
        sampler = Sampler(Sampling(1.0), seed)
        return [sampler.draw(LOGITS) for _ in range(20)]

    assert first(2**70) == first(2**70)
    assert first(2**70) != first(2**70 + 2**64)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_logits_that_are_no_numbers_are_an_error(bad):
    logits = LOGITS.copy()
    logits[7] = bad
    with pytest.raises(BadLogits), np.errstate(invalid="ignore"):
        Sampler(Sampling(), 0).draw(logits)


def test_the_scores_of_options_are_the_logarithms_of_their_probabilities():
    scorer = OptionScorer((7, 2999, 3))
    logits = LOGITS.astype(np.float64)
    expected = logits - np.log(np.exp(logits).sum())
    drawn_option = scorer.draw(LOGITS)
    assert scorer.logprobs == pytest.approx(expected[[7, 2999, 3]].tolist(), abs=1e-5)
    assert drawn_option == max((7, 2999, 3), key=lambda token: LOGITS[token])
