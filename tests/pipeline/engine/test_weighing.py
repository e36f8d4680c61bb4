"""Log-probabilities of options, from the embedded engine and from a server."""

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
    EngineError,
    EngineSettings,
    LlamaEngine,
    Question,
    ServerSettings,
    open_engine,
)
from tests.support.completions_server import free_port, serving

PROMPTS = [
    ("## Example 1\n### Instruction\n", f"Write a function that returns the {word} of a list.\n")
    for word in ("sum", "longest word", "first item", "reverse", "average")
] + [("", "def add(a, b):\n    return"), ("def f(x):\n", "")]
OPTIONS = (" a", "def", "\n", "#")


def questions(n: int = 1) -> list[Question]:
    return [
        Question(f"{i}/{j}", context, tail, OPTIONS)
        for i, (context, tail) in enumerate(PROMPTS)
        for j in range(n)
    ]


def weighed(engine, asked: list[Question]) -> dict[str, tuple[float, ...]]:
    found = [(a.id, a) for a in engine.weigh(asked)]
    assert len(found) == len(dict(found)) == len(asked)
    assert {(a.reason, a.detail) for _, a in found} == {("stop", "")}
    return {key: a.logprobs for key, a in found}


@pytest.fixture(scope="module")
def expected() -> dict[str, list[float]]:
    """What llama_cpp.Llama's logits say, prompt by prompt."""
    llm = llama_cpp.Llama(
        str(MODEL), n_ctx=512, n_threads=1, logits_all=True, verbose=False, flash_attn=False
    )
    found = {}
    for i, (context, tail) in enumerate(PROMPTS):
        tokens = llm.tokenize(context.encode(), add_bos=True) if context else [llm.token_bos()]
        tokens += llm.tokenize(tail.encode(), add_bos=False)
        llm.reset()
        llm.eval(tokens)
        logprobs = llama_cpp.Llama.logits_to_logprobs(np.array(llm.scores[len(tokens) - 1]))
        firsts = [llm.tokenize(option.encode(), add_bos=False)[0] for option in OPTIONS]
        found[f"{i}/0"] = [float(logprobs[first]) for first in firsts]
    return found


@pytest.fixture(scope="module")
def demo():
    with LlamaEngine(EngineSettings(str(MODEL), n_ctx=512, n_seq=4, n_threads=1)) as engine:
        yield engine


def test_an_option_weighs_what_the_models_logits_say(demo, expected):
    found = weighed(demo, questions())
    for key, logprobs in expected.items():
        assert found[key] == pytest.approx(logprobs, abs=0.05)


def test_a_question_weighs_the_same_when_asked_again_but_for_rounding(demo):
    first, again = weighed(demo, questions()), weighed(demo, questions())
    assert first.keys() == again.keys()
    for key, logprobs in first.items():
        # The second time the prompts lie elsewhere in the cache, so sums are taken in another order.
        assert again[key] == pytest.approx(logprobs, abs=0.01)


def test_the_same_prompt_is_computed_once_for_many_questions(demo):
    before = demo.stats()
    weighed(demo, questions(5))
    after = demo.stats()
    needed = after.prompt_tokens_needed - before.prompt_tokens_needed
    computed = after.prompt_tokens_computed - before.prompt_tokens_computed
    assert computed < needed / 2


def test_questions_are_answered_once_each_when_the_process_is_killed(demo):
    asked, killed, found = questions(20), False, []
    for answer in demo.weigh(asked):
        found.append(answer)
        if not killed:
            killed = True
            os.kill(demo.pid, signal.SIGKILL)
    assert sorted(answer.id for answer in found) == sorted(question.id for question in asked)
    assert all(len(answer.logprobs) == len(OPTIONS) for answer in found)


def test_options_that_begin_with_the_same_token_are_refused_and_the_engine_goes_on(demo):
    with pytest.raises(EngineError, match=r"'def' and 'def f' begin with the same token"):
        list(demo.weigh([Question("a", "", "x\n", ("def", "def f"))]))
    weighed(demo, questions())


def test_a_question_that_does_not_fit_says_so_and_weighs_nothing(demo):
    (answer,) = demo.weigh([Question("long", "", "word " * 900, ("a",))])
    assert (answer.reason, answer.logprobs) == ("window", ())
    assert "more than the window of 512" in answer.detail


@pytest.mark.parametrize("options", [(), ("a", "")])
def test_a_question_without_options_or_with_an_empty_one_is_refused(options):
    with pytest.raises(ValueError, match="option"):
        Question("a", "", "b", options).request()


def served(*arguments: str):
    """The demo model on a server, and an engine for it."""
    stack, port = ExitStack(), free_port()
    stack.enter_context(serving(MODEL, port, *arguments))
    settings = ServerSettings(f"http://127.0.0.1:{port}/v1", max_retries=0)
    return stack, stack.enter_context(open_engine(settings))


def test_a_server_weighs_what_the_embedded_engine_weighs(demo):
    options = ("\n", " a", "no token of this model")
    asked = [Question(q.id, q.context, q.tail, options) for q in questions()]
    stack, engine = served("--logits_all", "true")
    with stack:
        found = weighed(engine, asked)
    embedded = weighed(demo, [Question(q.id, q.context, q.tail, options[:2]) for q in asked])
    likely = 0
    for key, logprobs in found.items():
        assert logprobs[2] == -math.inf
        for one, other in zip(logprobs, embedded[key], strict=False):
            likely += one > -math.inf
            assert one == -math.inf or one == pytest.approx(other, abs=0.05)
    assert likely >= len(asked)


def test_a_server_that_gives_no_logprobs_costs_the_question_and_not_the_run():
    stack, engine = served("--logits_all", "false")
    with stack:
        (answer,) = engine.weigh(questions()[:1])
    assert (answer.reason, answer.logprobs) == ("error", ())
    assert answer.detail
