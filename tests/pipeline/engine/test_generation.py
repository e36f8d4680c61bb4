"""Completions of the embedded engine, on real models that llama.cpp runs."""

from __future__ import annotations

import pytest

from pipeline.engine import EngineError, EngineSettings, LlamaEngine, Request, Sampling
from pipeline.prompts.early_end import ResponseEnd


def settings(path, **more) -> EngineSettings:
    exact = {"type_k": "f32", "type_v": "f32"}
    return EngineSettings(str(path), **{"n_seq": 4, "n_threads": 1, **exact, **more})


def completions_by_id(engine, requests) -> dict:
    completions = [(c.id, c) for c in engine.generate(requests)]
    assert len(dict(completions)) == len(completions)
    return dict(completions)


@pytest.mark.parametrize(
    ("pieces", "stops", "text", "reason"),
    [
        ([b"hello", b" wor", b"ld"], (), "hello world", "stop"),
        ([b"one\n#", b"# ", b"two"], ("\n## ",), "one", "stop"),
        ([b"a \xf0\x9f", b"\x98\x80 b", b"!!"], (), "a \U0001f600 b!!", "stop"),
        ([b"pre\xc3", b"\xa9post"], ("é",), "pre", "stop"),
    ],
)
def test_a_completion_is_the_models_text_up_to_a_stop(scripted, pieces, stops, text, reason):
    with LlamaEngine(settings(scripted(pieces))) as engine:
        (done,) = engine.generate([Request("a", "ctx\n", "tail\n", 50, stops)])
    assert (done.text, done.reason) == (text, reason)


def test_a_model_that_never_stops_is_cut_at_max_tokens(scripted):
    with LlamaEngine(settings(scripted([b"go", b" on"], repeat=True))) as engine:
        (done,) = engine.generate([Request("a", "", "tail\n", 5)])
    assert (done.text, done.reason, done.new_tokens) == ("go on on on on", "length", 5)


def test_a_completion_that_repeats_itself_is_ended_early_with_a_reason_of_its_own(scripted):
    with LlamaEngine(settings(scripted([b"go", b" on and on"], repeat=True))) as engine:
        (done,) = engine.generate([Request("a", "", "\n", max_tokens=600)])
    assert done.reason == "repetition"
    assert done.new_tokens == 64
    assert done.text == "go" + " on and on" * 63


def test_a_prompt_that_does_not_fit_is_refused_with_its_numbers(tiny_model):
    with LlamaEngine(settings(tiny_model, n_ctx=64)) as engine:
        completed = completions_by_id(
            engine,
            [Request("long", "x" * 50, "y", 14), Request("fits", "x" * 49, "y", 14, seed=1)],
        )
    assert completed["long"].reason == "window"
    assert completed["long"].detail == ("prompt of 51 tokens + max_tokens 14 = 65, more than the window of 64")
    assert completed["long"].new_tokens == 0
    assert completed["fits"].reason in ("length", "stop")


def test_every_request_completes_once_whatever_the_ids(engine):
    requests = [Request("same", "", f"{i}\n", 3, seed=i) for i in range(40)]
    assert [c.id for c in engine.generate(requests)] == ["same"] * 40


def test_a_context_is_computed_once_and_a_prompt_once_for_its_samples(tiny_model, make_requests):
    requests = make_requests(6, 4)
    with LlamaEngine(settings(tiny_model, n_seq=8)) as engine:
        completed = completions_by_id(engine, requests)
        (alone,) = engine.generate([Request("alone", requests[0].context, "", 1)])
    context = alone.prompt_tokens
    needed = sum(c.prompt_tokens for c in completed.values())
    tails = sum(completed[f"{i}/0"].prompt_tokens - context for i in range(6))
    computed = sum(c.computed_prompt_tokens for c in completed.values())
    assert needed > 24 * context
    # One token more for each sample that starts after the others of its prompt.
    assert context + tails <= computed <= context + tails + 24


def test_contexts_are_evicted_for_others_when_the_cache_is_small(tiny_model):
    contexts = [f"{name}" * 150 for name in "abcdef"]
    requests = [Request(f"{i}", contexts[i % 6], f"tail {i}\n", 8, seed=i) for i in range(36)]
    with LlamaEngine(settings(tiny_model, n_ctx=256, n_cells=512, n_contexts=2)) as engine:
        completed = completions_by_id(engine, requests)
    assert {c.reason for c in completed.values()} <= {"stop", "length"}
    # Evaluated more than once each, but far from once for every request.
    assert sum(c.computed_prompt_tokens for c in completed.values()) < 36 * 75


def test_many_requests_pass_through_a_cache_that_holds_one_window(tiny_model, make_requests):
    requests = make_requests(20, 3, context="c" * 100)
    with LlamaEngine(settings(tiny_model, n_ctx=256, n_cells=256)) as engine:
        assert len(completions_by_id(engine, requests)) == 60


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0),
        Sampling(temperature=1.2, top_k=5),
        Sampling(top_p=0.9),
        Sampling(min_p=0.05, top_k=40, top_p=0.95),
    ],
)
def test_the_same_seed_gives_the_same_sample(engine, make_requests, sampling):
    requests = make_requests(3, 2, sampling=sampling)
    first, second = completions_by_id(engine, requests), completions_by_id(engine, requests)
    assert {k: c.text for k, c in first.items()} == {k: c.text for k, c in second.items()}
    if sampling.temperature:
        assert first["0/0"].text != first["0/1"].text
    else:
        assert first["0/0"].text == first["0/1"].text


def test_seeds_beyond_32_bits_and_the_one_llama_cpp_calls_random_are_seeds(engine):
    big = [Request(f"{s}", "", "a\n", 12, seed=s) for s in (2**32 - 1, 2**63, 2**64 + 5)]
    first, second = completions_by_id(engine, big), completions_by_id(engine, big)
    assert {k: c.text for k, c in first.items()} == {k: c.text for k, c in second.items()}
    assert len({c.text for c in first.values()}) == 3


def test_requests_are_pulled_lazily(engine):
    pulled = 0

    def source():
        nonlocal pulled
        for i in range(10_000):
            pulled += 1
            yield Request(f"{i}", "", f"{i}\n", 2, seed=i)

    completions = engine.generate(source())
    for _ in range(50):
        next(completions)
    completions.close()
    assert pulled <= 50 + 4 * 16 + 8


def test_closing_early_cancels_and_the_engine_continues(engine, make_requests):
    completions = engine.generate(make_requests(40, 2, max_tokens=64))
    next(completions)
    completions.close()
    completed = completions_by_id(engine, make_requests(2))
    assert set(completed) == {"0/0", "1/0"}


def test_an_error_of_the_source_reaches_the_caller_and_the_engine_continues(engine, make_requests):
    def source():
        yield from make_requests(3)
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(engine.generate(source()))
    assert len(completions_by_id(engine, make_requests(2))) == 2


def test_two_generations_at_a_time_are_refused(engine, make_requests):
    completions = engine.generate(make_requests(3))
    next(completions)
    with pytest.raises(EngineError, match="one generate"):
        engine.generate([])
    list(completions)


def test_nothing_is_loaded_for_no_requests(tiny_model):
    with LlamaEngine(settings(tiny_model)) as engine:
        assert list(engine.generate([])) == []
        assert engine.pid is None


def test_an_empty_tail_and_an_empty_context_are_prompts(engine):
    completed = completions_by_id(engine, [Request("c", "context\n", "", 4), Request("t", "", "tail\n", 4)])
    assert {k: c.prompt_tokens for k, c in completed.items()} == {"c": 6, "t": 4}


def test_special_tokens_written_in_a_prompt_are_plain_text(engine):
    (done,) = engine.generate([Request("a", "", "<|end|>", 2)])
    assert done.prompt_tokens == len("<|end|>") - 1  # "en" or "nd" is one token


def test_the_statistics_add_up(tiny_model, make_requests):
    with LlamaEngine(settings(tiny_model)) as engine:
        completed = completions_by_id(engine, make_requests(5, 2))
        stats = engine.stats()
    assert (stats.requests, stats.completions, stats.restarts) == (10, 10, 0)
    assert stats.new_tokens == sum(c.new_tokens for c in completed.values())
    assert stats.prompt_tokens_needed == sum(c.prompt_tokens for c in completed.values())
    assert stats.prompt_tokens_computed == sum(c.computed_prompt_tokens for c in completed.values())
    assert stats.steps > 0


def test_large_vocabularies_are_sampled_on_threads_with_the_same_result(tiny_model, make_requests, monkeypatch):
    requests = make_requests(4, 2)
    with LlamaEngine(settings(tiny_model, n_seq=8, sample_threads=1)) as engine:
        alone = completions_by_id(engine, requests)
    with LlamaEngine(settings(tiny_model, n_seq=8, sample_threads=3)) as engine:
        threads = completions_by_id(engine, requests)
    assert {k: c.text for k, c in alone.items()} == {k: c.text for k, c in threads.items()}


@pytest.mark.parametrize("n_seq", [1, 4])
def test_a_completion_is_ended_where_its_request_says_so_whatever_runs_beside_it(scripted, n_seq):
    prose = scripted([b"word %d " % n for n in range(90)])
    header = scripted([b"prose\n", b"### Tests\n", *(b"word %d " % n for n in range(90))])
    for model, end in ((prose, ("late_code", 64)), (header, ("stop", 32))):
        with LlamaEngine(settings(model, n_seq=n_seq)) as engine:
            completed = engine.generate(Request(f"{i}", "", "t\n", 128, early_end=ResponseEnd()) for i in range(5))
            assert [(done.reason, done.new_tokens) for done in completed] == [end] * 5
