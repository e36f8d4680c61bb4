"""The doctor's checks of a model and of llama.cpp, for models and builds that this machine does not have."""

from __future__ import annotations

import dataclasses

import pytest

from pipeline import demo
from pipeline.engine import inspect_model
from pipeline.operations.doctor import check_aligned_model, check_base_model, check_llama_cpp


@pytest.fixture(scope="module")
def facts():
    return inspect_model(str(demo.MODEL))


@pytest.mark.parametrize(
    ("name", "template", "level"),
    [
        ("some-coder-7b", False, "PASS"),
        ("some-coder-7b", True, "CAUTION"),
        ("Some Coder 7B Instruct", False, "CAUTION"),
        ("tiny-chat", True, "CAUTION"),
    ],
)
def test_an_instruct_model_is_warned_of(facts, name, template, level):
    other = dataclasses.replace(facts, name=name, has_chat_template=template)
    assert check_base_model(other, is_demo=False).level == level


@pytest.mark.parametrize(
    ("template", "level"),
    [("{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}", "PASS"), ("", "FAIL")],
)
def test_where_it_writes_for_users_it_has_to_have_a_place_for_them(facts, template, level):
    assert check_aligned_model(dataclasses.replace(facts, chat_template=template)).level == level


VERSION = "llama-cpp-python 0.3.36, llama.cpp 0.5.0"
FOR_CPU = f"{VERSION}, CPU : AVX = 1"
FOR_CUDA = f"{VERSION}, CUDA : ARCHS = 890 | CPU : AVX = 1"


@pytest.mark.parametrize(
    ("built", "devices", "cards", "level", "text"),
    [
        (FOR_CPU, (), [], "PASS", "built for the CPU, "),
        (FOR_CPU, (), ["A card"], "CAUTION", "built for the CPU, but this machine has A card"),
        (FOR_CUDA, (), [], "CAUTION", "built for CUDA, but no card answers"),
        (FOR_CUDA, ("A card (CUDA0)",), ["A card"], "PASS", "built for a GPU: A card (CUDA0)"),
    ],
)
def test_the_build_is_held_against_the_cards(facts, built, devices, cards, level, text):
    other = dataclasses.replace(facts, llama_cpp=built, devices=devices, gpu_offload=bool(devices))
    finding = check_llama_cpp(other, cards)
    assert finding.level == level
    assert finding.text.startswith(f"{VERSION}, {text}")
    assert bool(finding.remedy) == (level != "PASS")
