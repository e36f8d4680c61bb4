"""The ways in which a model is asked: the prompt of a benchmark's task, where its answer ends, and the code in it.

    few_shot     the prompt of the responses stage, with its exemplars: for a base model
    completion   a document that the model continues, as base models are usually evaluated
    tuned        the prompt of fine-tuning
    chat         the model's own chat template: for models that others have tuned

In: a `Task`. Out: text. The three that ask by an instruction word it as a `Wording` says and begin the response with
its prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.engine import ModelFacts
from pipeline.errors import ConfigError
from pipeline.packs import problems
from pipeline.packs.layouts import Task
from pipeline.packs.problems import Wording
from pipeline.prompts import render, tuned
from pipeline.prompts.chat import render_chat
from pipeline.text.markdown import code_blocks, ended

STYLES = ("few_shot", "completion", "tuned", "chat")
_SECTIONS = ("\n## ", "\n### ")  # headers of this project's own prompts
_FENCE_ENDS = "\n```\n"


@dataclass(frozen=True)
class Way:
    """A way of asking. `context` gives the few-shot context of a key; `facts` are those of a chat model."""

    style: str
    wording: Wording
    context: Callable[[str], str] | None = None
    facts: ModelFacts | None = None

    @cached_property
    def stops(self) -> tuple[str, ...]:
        """Where every answer ends; a document's ends are those of its task (`stops_of`)."""
        ends = _SECTIONS if self.style in ("few_shot", "tuned") else ()
        return (*ends, _FENCE_ENDS) if "```" in self.wording.response_prefix else ends

    def stops_of(self, task: Task) -> tuple[str, ...]:
        """Where an answer to the task ends."""
        return problems.stops(task) if self.style == "completion" else self.stops

    def prompt(self, task: Task, key: str) -> tuple[str, str]:
        """The prompt's context, which tasks may share, and its tail. `key` decides the few-shot context."""
        if self.style == "completion":
            return problems.document(task), ""
        instruction, prefix = problems.instruction(task, self.wording), self.wording.response_prefix
        if self.style == "chat":
            return self._chat(instruction) + prefix, ""
        if self.style == "tuned":
            return tuned.SENTENCE, tuned.tail(instruction) + prefix
        assert self.context is not None
        return self.context(key), render.responses_tail(instruction) + prefix

    def _chat(self, instruction: str) -> str:
        assert self.facts is not None
        facts = self.facts
        # The engine adds the token that begins a text, where the model's tokenizer does.
        return render_chat(facts.chat_template, instruction, "" if facts.add_bos else facts.bos, facts.eos)

    def code(self, task: Task, text: str) -> str | None:
        """The code of an answer: the continued document, or what is in its blocks of Python; None without one."""
        if self.style == "completion":
            return text if task.asked is not None and not task.asked.begins else problems.document(task) + text
        return blocks_of_python(self.wording.response_prefix + text)

    def ingredients(self) -> dict[str, Any]:
        """What determines the prompts, beside few-shot exemplars and shots."""
        if self.style == "completion":
            return {"stops": [list(problems.STUB_STOPS), list(problems.TEXT_STOPS)]}
        wording: dict[str, Any] = {"stops": list(self.stops)}
        example = Task("", "", ("text", "def f():\n"), ())
        worded = [self.wording.of_stub(example.texts[1]), self.wording.of_text("text", "assert f()", False)]
        if worded != _PLAIN or self.wording.response_prefix:
            wording["wording"] = [*worded, self.wording.response_prefix]
        if self.facts is not None:
            wording["template"] = self.facts.chat_template
        return wording


_PLAIN = [
    problems.WORDINGS["plain"].of_stub("def f():\n"),
    problems.WORDINGS["plain"].of_text("text", "assert f()", False),
]


def blocks_of_python(text: str) -> str | None:
    """The Python of a Markdown text, as `code_blocks` reads it; None without one.

    A block that the end of the answer cuts off counts as ended there.
    """
    found = code_blocks(ended(text))
    return "\n".join(found) if found else None


def require_template(facts: ModelFacts) -> ModelFacts:
    """The facts of a model that has a chat template. Raises ConfigError for any other."""
    if not facts.chat_template:
        raise ConfigError(
            f"[evaluation] prompt = chat: {facts.path} has no chat template",
            "use completion or few_shot for a base model",
        )
    return facts
