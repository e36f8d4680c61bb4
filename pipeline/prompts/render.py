"""Renders prompt documents: the few-shot context that many records share, and each record's own tail.

A prompt is context + tail. The context is the introduction of a form, N solved examples and the header of the next
one; the tail is that next example up to the section that the model has to write. The two are separate because the
engine evaluates a context once for all records that use it. docs/prompts.md describes the documents; the demo model
is trained on documents of this form.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pipeline.prompts.exemplars import JUDGEMENTS, PROPERTIES, Committed, Exemplar, ExemplarSet, Judged, Repaired
from pipeline.text.hashing import rank
from pipeline.text.markdown import fence

# Where a completion of each form ends; a model's end-of-text token ends it as well. A form is a stage's name or,
# for instructions, that of their source.
_STOPS = {
    "concepts": ("\n",),
    "instructions": ("\n## ", "\n### "),
    "inspired": ("\n## ", "\n### "),
    "evolved": ("\n## ", "\n### "),
    "committed": ("\n## ", "\n### "),
    "responses": ("\n## Example ",),
    "repairs": ("\n## Example ",),
}
_WITH_END = ("responses", "repairs")  # forms whose answers the set's end marker closes
YES, NO = "Yes", "No"


def judgements_tail(snippet: str) -> str:
    """The tail of the judge, to be continued with YES or NO."""
    return f"### Snippet\n{fence(snippet)}\n\n### Documented\n"


def concepts_tail(snippet: str) -> str:
    """The tail of form concepts, to be continued with concepts between commas."""
    return f"### Snippet\n{fence(snippet)}\n\n### Concepts\n"


def instructions_tail(
    category: str, language: str, difficulty: str, concepts: Sequence[str], order: Sequence[str] = PROPERTIES
) -> str:
    """The tail of form instructions, to be continued with a task that has these properties."""
    values = {"category": category, "language": language, "difficulty": difficulty, "concepts": ", ".join(concepts)}
    lines = "".join(f"{name}: {values[name]}\n" for name in order)
    return f"### Properties\n{lines}\n### Instruction\n"


def inspired_tail(snippet: str) -> str:
    """The tail of form inspired: the source of the instruction is the snippet itself."""
    return f"### Snippet\n{fence(snippet)}\n\n### Instruction\n"


def evolved_tail(instruction: str) -> str:
    """The tail of form evolved: the source of the instruction is a draft, an easier one."""
    return f"### Instruction\n{instruction}\n\n### Harder instruction\n"


def committed_tail(snippet: str, message: str) -> str:
    """The tail of form committed: the source of the instruction is a commit's function and message."""
    return f"### Snippet\n{fence(snippet)}\n\n### Commit\n{message}\n\n### Instruction\n"


def responses_tail(instruction: str) -> str:
    """The tail of form responses, to be continued with prose, code and tests for the instruction."""
    return f"### Instruction\n{instruction}\n\n### Response\n"


def repairs_tail(instruction: str, attempt: str, outcome: str) -> str:
    """The tail of form repairs, to be continued with a response that does what the attempt should have done."""
    # Indented: no line of it is a header, and small models do not go on with a fence like that of the outcome.
    shown = textwrap.indent(outcome, "    ")
    return f"### Instruction\n{instruction}\n\n### Attempt\n{attempt}\n\n### Outcome\n{shown}\n\n### Response\n"


def response_with_tests(response: str, tests: str) -> str:
    """An answer of the responses stage, written out."""
    return f"{response}\n\n### Tests\n{fence(tests)}"


def stops(exemplars: ExemplarSet, form: str) -> tuple[str, ...]:
    """The texts at which a completion of a form ends: for responses the set's end marker too, where it has one."""
    marker = (f"\n{exemplars.end}",) if form in _WITH_END and exemplars.end else ()
    return marker + _STOPS[form]


_EXAMPLES: dict[str, Callable[[Any, ExemplarSet], str]] = {
    "concepts": lambda item, _: concepts_tail(item.snippet) + ", ".join(item.concepts),
    "instructions": lambda item, of: (
        instructions_tail(item.category, item.language, item.difficulty, item.concepts, of.order) + item.instruction
    ),
    "inspired": lambda item, _: inspired_tail(item.snippet) + item.instruction,
    "evolved": lambda item, _: evolved_tail(item.draft) + item.instruction,
    "committed": lambda item, _: committed_tail(item.snippet, item.message) + item.instruction,
    "responses": lambda item, _: responses_tail(item.instruction) + response_with_tests(item.response, item.tests),
    "repairs": lambda item, _: repairs_tail(item.instruction, item.attempt, item.outcome) + item.response,
}


def example(exemplars: ExemplarSet, form: str, exemplar: Exemplar | Committed | Repaired) -> str:
    """A solved example of a form: its tail with the answer written out, closed by the set's end marker if any."""
    marker = f"\n{exemplars.end}" if form in _WITH_END and exemplars.end else ""
    return f"{_EXAMPLES[form](exemplar, exemplars)}{marker}\n"


def judged_example(judged: Judged) -> str:
    """A judged snippet with the answer written out."""
    return f"{judgements_tail(judged.snippet)}{YES if judged.documented else NO}\n"


def document(intro: str, examples: Iterable[str]) -> str:
    """An introduction and numbered examples, ending with the header of the next example."""
    parts = [f"{intro}\n\n"]
    number = 0
    for number, text in enumerate(examples, start=1):
        parts.append(f"## Example {number}\n{text}\n")
    parts.append(f"## Example {number + 1}\n")
    return "".join(parts)


def context(exemplars: ExemplarSet, form: str, shots: int, key: str) -> str:
    """The few-shot context of a key: `shots` exemplars drawn from the set by hash of the key.

    The same key gives the same exemplars in the same order on every machine.
    """
    drawn = sorted(exemplars.of(form), key=lambda item: rank(key, form, item.name))[:shots]
    return document(exemplars.intro[form], (example(exemplars, form, item) for item in drawn))


def judgements_contexts(exemplars: ExemplarSet) -> tuple[str, str]:
    """The few-shot contexts of the judge, the same for all seeds: every judged exemplar, in order of hash and reversed.

    A model tends to the answers that it was shown last: over both orders that tendency evens out.
    """
    mixed = sorted(exemplars.judged, key=lambda item: rank("judge", JUDGEMENTS, item.name))
    intro = exemplars.intro[JUDGEMENTS]
    return document(intro, map(judged_example, mixed)), document(intro, map(judged_example, reversed(mixed)))
