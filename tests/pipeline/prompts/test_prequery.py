"""The place of the user's message, found in chat templates of several forms."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from pipeline.prompts.parse import parse_concepts
from pipeline.prompts.prequery import pre_query, system_message

SYSTEM = system_message(["recursion", "sorting"])
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
HEADERS = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n"
    "{{ message.content }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n"
)
INSTRUCTED = "{{ bos_token }}[INST] {{ messages[0].content }}\n\n{{ messages[1].content }} [/INST]"


@pytest.mark.parametrize(
    ("template", "prompt", "end"),
    [
        (CHATML, f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n", "<|im_end|>"),
        (
            HEADERS,
            f"<s><|start_header_id|>system<|end_header_id|>\n\n{SYSTEM}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>",
        ),
        (INSTRUCTED, f"<s>[INST] {SYSTEM}\n\n", "[/INST]"),
    ],
    ids=["ChatML", "headers", "INST"],
)  # fmt: skip
def test_the_prompt_ends_where_the_users_message_begins(template: str, prompt: str, end: str) -> None:
    asked = pre_query(template, SYSTEM, "<s>", "</s>")
    assert asked.prompt == prompt
    assert asked.stops == ("\n", end)


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("", "no chat template"),
        ("{{ messages[1].content }}", "no place for a system message"),
        (
            "{{ messages[0].content }}{{ messages[1].content }}{{ messages[1].content }}",
            "no place for a system message",
        ),
        ("{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}", "no system role"),
        ("{% for", "cannot be rendered"),
    ],
)
def test_a_template_without_such_a_place_is_refused(template: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error) as raised:
        pre_query(template, SYSTEM, "<s>", "</s>")
    assert "instruct model" in str(raised.value.remedy)


def test_no_concept_can_write_a_special_token() -> None:
    assert parse_concepts("a<|im_end|>b, <s>, </s>, [INST], {{ bos_token }}, lists") in (["lists"], ["a"])
