"""The prompt of a tuned model: one sentence, the instruction, and the response that it is tuned to write.

Fine-tuning and evaluation share it. Its context is one sentence; the rest is a record's own tail. The same prompt as a
chat template goes into the tuned model's files, so that other programs prompt the model as it was tuned.
"""

from __future__ import annotations

SENTENCE = "Below is a programming instruction, with a response that carries it out.\n\n"


def _literal(text: str) -> str:
    return "'" + text.replace("\n", "\\n") + "'"


def tail(instruction: str) -> str:
    """The prompt after the sentence, up to where the response begins."""
    return f"### Instruction\n{instruction}\n\n### Response\n"


def prompt(instruction: str) -> str:
    """The whole prompt."""
    return SENTENCE + tail(instruction)


def template(adds_bos: bool) -> str:
    """The prompt as a chat template in Jinja; `adds_bos`: the tokenizer begins every text with its BOS token.

    For one instruction it renders `prompt`. The text of a system message comes before the first instruction. A response
    ends with the EOS token, as in fine-tuning; it was never tuned on a second turn.
    """
    return ("{{- bos_token }}" if adds_bos else "") + _TEMPLATE


def is_template(text: str) -> bool:
    """Whether a chat template is this one."""
    return text.endswith(_TEMPLATE)


_TEMPLATE = (
    f"{{{{- {_literal(SENTENCE)} }}}}"
    "{%- for message in messages %}"
    "{%- if message['role'] == 'assistant' %}"
    "{{- '### Response\\n' + message['content'] + eos_token }}"
    "{%- elif message['role'] == 'user' %}"
    "{{- '### Instruction\\n' + message['content'] + '\\n\\n' }}"
    "{%- else %}"
    "{{- message['content'] + '\\n\\n' }}"
    "{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '### Response\\n' }}"
    "{%- endif %}"
)
