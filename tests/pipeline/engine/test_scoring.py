"""Scores of options, from the embedded engine and from a server."""

from __future__ import annotations

import math
import os
import signal
from contextlib import ExitStack

import llama_cpp
import numpy as np
import pytest

from pipeline.demo import MODEL
from pipeline.engine import (
    Choice,
    EngineError,
    EngineSettings,
    LlamaEngine,
    ServerSettings,
    open_engine,
)
from tests.support.completions_server import free_port, serving

PROMPTS = [
    ("## Example 1\n### Instruction\n", f"Write a function that returns the {word} of a list.\n")
    for word in ("sum", "longest word", "first item", "reverse", "average")
] + [("", "def add(a, b):\n    return"), ("def f(x):\n", "")]
OPTIONS = (" a", "def", "\n", "#")


def choices(n: int = 1) -> list[Choice]:
    return [Choice(f"{i}/{j}", context, tail, OPTIONS) for i, (context, tail) in enumerate(PROMPTS) for j in range(n)]


def logprobs_by_id(engine, requested: list[Choice]) -> dict[str, tuple[float, ...]]:
    scored = [(scores.id, scores) for scores in engine.score(requested)]
    assert len(scored) == len(dict(scored)) == len(requested)
    assert {(scores.reason, scores.detail) for _, scores in scored} == {("stop", "")}
    return {key: scores.logprobs for key, scores in scored}


@pytest.fixture(scope="module")
def expected() -> dict[str, list[float]]:
    """Log-probabilities from the logits of llama_cpp.Llama, prompt by prompt."""
    llm = llama_cpp.Llama(str(MODEL), n_ctx=512, n_threads=1, logits_all=True, verbose=False, flash_attn=False)
    expected = {}
    for i, (context, tail) in enumerate(PROMPTS):
        tokens = llm.tokenize(context.encode(), add_bos=True) if context else [llm.token_bos()]
        tokens += llm.tokenize(tail.encode(), add_bos=False)
        llm.reset()
        llm.eval(tokens)
        logprobs = llama_cpp.Llama.logits_to_logprobs(np.array(llm.scores[len(tokens) - 1]))
        firsts = [llm.tokenize(option.encode(), add_bos=False)[0] for option in OPTIONS]
        expected[f"{i}/0"] = [float(logprobs[first]) for first in firsts]
    return expected


@pytest.fixture(scope="module")
def demo():
    with LlamaEngine(EngineSettings(str(MODEL), n_ctx=512, n_seq=4, n_threads=1)) as engine:
        yield engine


def test_the_score_of_an_option_comes_from_the_models_logits(demo, expected):
    scored = logprobs_by_id(demo, choices())
    for key, logprobs in expected.items():
        assert scored[key] == pytest.approx(logprobs, abs=0.05)


def test_scoring_a_choice_again_changes_only_the_rounding(demo):
    first, again = logprobs_by_id(demo, choices()), logprobs_by_id(demo, choices())
    assert first.keys() == again.keys()
    for key, logprobs in first.items():
        # The second time the prompts have other cells, so sums are taken in another order.
        assert again[key] == pytest.approx(logprobs, abs=0.01)


def test_the_same_prompt_is_computed_once_for_many_choices(demo):
    before = demo.stats()
    logprobs_by_id(demo, choices(5))
    after = demo.stats()
    needed = after.prompt_tokens_needed - before.prompt_tokens_needed
    computed = after.prompt_tokens_computed - before.prompt_tokens_computed
    assert computed < needed / 2


def test_choices_are_scored_once_each_when_the_process_is_killed(demo):
    requested, killed, scored = choices(20), False, []
    for scores in demo.score(requested):
        scored.append(scores)
        if not killed:
            killed = True
            os.kill(demo.pid, signal.SIGKILL)
    assert sorted(scores.id for scores in scored) == sorted(choice.id for choice in requested)
    assert all(len(scores.logprobs) == len(OPTIONS) for scores in scored)


def test_options_that_begin_with_the_same_token_are_refused_and_the_engine_continues(demo):
    with pytest.raises(EngineError, match=r"'def' and 'def f' begin with the same token"):
        list(demo.score([Choice("a", "", "x\n", ("def", "def f"))]))
    logprobs_by_id(demo, choices())


def test_a_choice_that_exceeds_the_window_has_a_reason_and_no_scores(demo):
    (scores,) = demo.score([Choice("long", "", "word " * 900, ("a",))])
    assert (scores.reason, scores.logprobs) == ("window", ())
    assert "more than the window of 512" in scores.detail


@pytest.mark.parametrize("options", [(), ("a", "")])
def test_a_choice_without_options_or_with_an_empty_one_is_refused(options):
    with pytest.raises(ValueError, match="option"):
        Choice("a", "", "b", options).request()


def served(*arguments: str):
    """The demo model on a server, and an engine for it."""
    stack, port = ExitStack(), free_port()
    stack.enter_context(serving(MODEL, port, *arguments))
    settings = ServerSettings(f"http://127.0.0.1:{port}/v1", max_retries=0)
    return stack, stack.enter_context(open_engine(settings))


def test_a_server_gives_the_scores_of_the_embedded_engine(demo):
    options = ("\n", " a", "no token of this model")
    requested = [Choice(c.id, c.context, c.tail, options) for c in choices()]
    stack, engine = served("--logits_all", "true")
    with stack:
        scored = logprobs_by_id(engine, requested)
    shorter = [Choice(c.id, c.context, c.tail, options[:2]) for c in requested]
    embedded = logprobs_by_id(demo, shorter)
    likely = 0
    for key, logprobs in scored.items():
        assert logprobs[2] == -math.inf
        for one, other in zip(logprobs, embedded[key], strict=False):
            likely += one > -math.inf
            assert one == -math.inf or one == pytest.approx(other, abs=0.05)
    assert likely >= len(requested)


def test_a_server_without_logprobs_fails_the_choice_and_not_the_run():
    stack, engine = served("--logits_all", "false")
    with stack:
        (scores,) = engine.score(choices()[:1])
    assert (scores.reason, scores.logprobs) == ("undone", ())
    assert scores.detail
