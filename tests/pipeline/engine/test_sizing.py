"""Sequences, window and cache, planned from memory."""

from __future__ import annotations

import pytest

from pipeline.engine import EngineError, EngineSettings, ServerSettings
from pipeline.engine.sizing import Sizes, is_flash_cheaper, make_plan

MIB = 1 << 20


BIG = Sizes(8192, 7_000_000_000, 28, 3584, 32, 64 * 1024)


def plan(free_mib: float = 100_000, *, model: Sizes = BIG, on_gpu: bool = True, shrink=0, **settings):
    return make_plan(
        EngineSettings("m.gguf", **settings),
        model,
        free_bytes=int(free_mib * MIB),
        device="GPU 0",
        on_gpu=on_gpu,
        shrink=shrink,
    )


def test_with_memory_to_spare_the_window_is_what_the_model_was_trained_for():
    made = plan()
    assert (made.window, made.n_seq, made.notes) == (8192, 64, ())
    assert made.cells >= 64 * 2048


@pytest.mark.parametrize("free_mib", [900, 2_000, 5_000])
def test_with_less_memory_there_are_fewer_sequences_and_a_note(free_mib):
    made = plan(free_mib)
    assert 1 <= made.n_seq < 64
    assert made.cells * 64 * 1024 <= free_mib * MIB
    assert f"{made.n_seq} sequences at a time instead of 64" in made.notes[0]
    assert f"{free_mib} MiB are free on GPU 0" in made.notes[0]


def test_with_little_memory_the_window_shrinks_if_it_was_not_set():
    made = plan(200)
    assert made.n_seq == 1
    assert 1024 < made.window <= made.cells < 8192


def test_a_window_that_was_set_and_does_not_fit_is_an_error_with_its_numbers():
    with pytest.raises(EngineError, match=r"window of 8192 tokens needs 528 MiB.*200 MiB free"):
        plan(200, n_ctx=8192)


@pytest.mark.parametrize("free_mib", [0.01, 1, 15])
def test_no_room_for_a_cache_is_an_error_not_a_cache_without_bounds(free_mib: float):
    with pytest.raises(EngineError, match=r"\(\d+ MiB free on GPU 0\)"):
        plan(free_mib)


@pytest.mark.parametrize(
    ("n_params", "n_layer", "n_embd", "n_seq"),
    [(4_000_000, 5, 256, 3), (125_000_000, 12, 768, 16), (7_000_000_000, 28, 3584, 16)],
)
def test_a_small_model_on_a_cpu_gets_fewer_sequences(n_params, n_layer, n_embd, n_seq):
    model = Sizes(1024, n_params, n_layer, n_embd, 4, 2560)
    assert plan(model=model, on_gpu=False).n_seq == n_seq


@pytest.mark.parametrize(
    ("chosen", "on_gpu", "flash_attn", "suits"),
    [
        ("auto", False, "off", True),
        ("auto", True, "auto", False),
        ("off", False, "off", False),
        ("on", False, "on", False),
    ],
)
def test_flash_attention_suits_the_work_on_a_cpu_unless_it_is_set(chosen, on_gpu, flash_attn, suits):
    made = plan(on_gpu=on_gpu, flash_attn=chosen)
    assert (made.flash_attn, made.suits_flash_to_work) == (flash_attn, suits)


@pytest.mark.parametrize(
    ("n_seq", "context", "max_tokens", "cheaper"),
    [
        (16, 700, 64, False),
        (16, 700, 1000, True),
        (16, 4000, 1000, False),
        (8, 100, 1000, True),
        (3, 0, 4000, False),
        (4, 0, 4000, True),
        (16, 0, 2, False),
    ],
)
def test_flash_attention_is_cheaper_where_most_of_the_cache_belongs_to_others(n_seq, context, max_tokens, cheaper):
    assert is_flash_cheaper(n_seq, context, min(100, max_tokens), max_tokens) == cheaper


def test_a_value_that_is_set_is_used():
    made = plan(n_ctx=3000, n_seq=17, n_cells=70_000, n_batch=256, n_threads=3)
    assert (made.window, made.n_seq, made.n_batch, made.n_threads) == (3000, 17, 256, 3)
    assert 70_000 <= made.cells < 70_000 + 256


def test_a_window_longer_than_the_training_is_allowed_with_a_note():
    assert "trained for" in plan(n_ctx=20_000).notes[0]


def test_every_failed_start_halves_the_sequences():
    assert [plan(n_seq=24, shrink=shrink).n_seq for shrink in range(5)] == [24, 12, 6, 3, 1]
    assert plan(n_seq=24, n_cells=65_536, shrink=2).cells == 16_384


def test_a_step_has_room_for_a_token_of_every_sequence():
    assert plan(n_seq=128, n_batch=64).n_batch == 128


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("n_ctx", -1),
        ("n_seq", 500),
        ("n_contexts", 0),
        ("n_batch", 7),
        ("type_k", "int3"),
        ("flash_attn", "maybe"),
        ("step_timeout", 0),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(setting, value):
    with pytest.raises(EngineError, match=rf"\[engine\] {setting} = "):
        EngineSettings("m.gguf", **{setting: value})


@pytest.mark.parametrize(
    ("setting", "value"),
    [("base_url", "localhost:8080"), ("concurrency", 0), ("timeout", 0), ("max_retries", -1)],
)
def test_a_server_setting_out_of_range_is_an_error_that_names_it(setting, value):
    with pytest.raises(EngineError, match=rf"\[engine\] {setting} = "):
        ServerSettings(**{"base_url": "http://x/v1", setting: value})
