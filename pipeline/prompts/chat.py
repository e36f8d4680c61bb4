"""Renders a model's own chat template, as transformers and llama.cpp do it.

Chat templates are Jinja programs of other people: they run in Jinja's sandbox. In: the template and the texts of the
tokens that begin and end a text. Out: the prompt, up to where the response begins.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NoReturn

from pipeline.errors import ConfigError


def render_chat(template: str, instruction: str, bos: str, eos: str) -> str:
    """The prompt of a conversation that begins with the instruction. Raises as `render`."""
    return render(template, [{"role": "user", "content": instruction}], bos, eos, "set [evaluation] prompt")


def render(template: str, messages: list[dict[str, str]], bos: str, eos: str, remedy: str) -> str:
    """The prompt of a conversation, up to where the next response begins.

    Raises ConfigError, with the remedy, for a template that refuses it, or that Jinja cannot read.
    """
    # Only chat models have templates: every other start does without Jinja.
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> NoReturn:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals.update(raise_exception=refuse, strftime_now=_date)
    try:
        return environment.from_string(template).render(
            messages=messages,
            add_generation_prompt=True,
            bos_token=bos,
            eos_token=eos,
        )
    except TemplateError as error:
        raise ConfigError(f"the model's chat template cannot be rendered: {error}", remedy) from None


def _date(form: str) -> str:
    """A fixed date: the same prompt in every run."""
    return datetime(2026, 1, 1, tzinfo=timezone.utc).strftime(form)
