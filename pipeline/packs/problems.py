"""How a benchmark's task is put to a model: as an instruction, or as a document that a base model continues.

For packs in the layouts of HumanEval, EvalPlus, EvoEval and MBPP. In: a `Task`. Out: text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.packs.layouts import Task
from pipeline.text.markdown import fence
from pipeline.text.normalise import parse

# Where the document of a base model ends. A stub is continued by a body: what stands at the margin after it is no part
# of it (the reference's evaluation/text2code_vllm.py; EvalPlus's evalplus/provider/utility.py adds the last two).
# After a docstring the model writes whole functions, so it ends where the next document or a test begins.
STUB_STOPS = ("\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert ", "\n# ", "\nif __name__", "\nprint(")
TEXT_STOPS = ('\n"""', "\nassert ", "\nif __name__", "\nprint(")


@dataclass(frozen=True, slots=True)
class Wording:
    """How instructions are worded, and what the response begins with.

    `of_stub` takes a stub; `of_text` a text, an assert of its tests, and whether the text names the function.
    """

    of_stub: Callable[[str], str]
    of_text: Callable[[str, str, bool], str]
    response_prefix: str = ""


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _document(text: str, test: str) -> str:
    return f'"""\n{text}\n{test}\n"""\n'


_EVALPLUS = "Please provide a self-contained Python script that solves the following problem in a markdown code block:"
WORDINGS = {
    # This project's. The test is shown where the text does not name the function.
    "plain": Wording(
        lambda stub: f"Complete this Python function.\n\n{fence(stub)}",
        lambda text, test, named: text if named else f"{text}\n\nIt must pass this test:\n\n{fence(test)}",
    ),
    # SelfCodeAlign's evaluation/text2code_vllm.py
    "reference": Wording(
        lambda stub: f"Write a Python function to solve the following task:\n```python\n{stub.strip()}\n```",
        lambda text, test, named: (
            f"{_ended(text)}\n\nYour code should pass the following assertion:\n```python\n{test}\n```"
        ),
        "```python",
    ),
    # EvalPlus's evalplus/codegen.py and evalplus/provider/utility.py
    "evalplus": Wording(
        lambda stub: f"{_EVALPLUS}\n```\n{stub.strip()}\n```",
        lambda text, test, named: f"{_EVALPLUS}\n```\n{_document(text, test).strip()}\n```",
        "Below is a Python script with a self-contained function that solves the problem and passes corresponding "
        "tests:\n```python\n",
    ),
}


def with_prefixes(wording: Wording, instruction_prefix: str, response_prefix: str) -> Wording:
    """A wording with other prefixes; an empty one stays as it is."""
    of_stub, of_text = wording.of_stub, wording.of_text
    if instruction_prefix:

        def of_stub(stub: str) -> str:
            return f"{instruction_prefix}\n```python\n{stub.strip()}\n```"

        def of_text(text: str, test: str, named: bool) -> str:
            return f"{instruction_prefix}\n{text}\n```python\n{test}\n```"

    return Wording(of_stub, of_text, response_prefix or wording.response_prefix)


def instruction(task: Task, wording: Wording = WORDINGS["plain"]) -> str:
    """The instruction for the model; it always names the function."""
    if task.asked is not None and task.asked.question:
        return task.asked.question
    if stub := task.stub:
        return wording.of_stub(stub)
    text, test = _text_and_test(task)
    if wording is WORDINGS["plain"] and task.entry_point in task.texts[0]:
        return task.texts[0]
    return wording.of_text(text, test, task.entry_point in text)


def document(task: Task) -> str:
    """The document that a base model continues: a stub, or text and test as a docstring; empty: it cannot be asked so.

    It begins the program, unless the task is asked in a way of its own.
    """
    if task.asked is not None and task.asked.question:
        return task.asked.document
    if stub := task.stub:
        return f"{stub.strip()}\n"
    return _document(*_text_and_test(task))


def stops(task: Task) -> tuple[str, ...]:
    """Where a continuation of the document ends."""
    if task.asked is not None and task.asked.question:
        return task.asked.stops
    return STUB_STOPS if task.stub else TEXT_STOPS


def _text_and_test(task: Task) -> tuple[str, str]:
    """The text without a test, and one test: that which stands in the text (MBPP+), or else the first."""
    text, found, test = task.texts[0].partition("\nassert ")
    if found:
        return text.strip(), f"assert {test}".strip()
    return text.strip(), next(iter(task.tests.splitlines()), "")


def without_tests(task: Task) -> str:
    """The instruction for a model that must see none of the task's tests: a function's name comes with its call."""
    if task.stub:
        return WORDINGS["plain"].of_stub(task.stub)
    text = task.texts[0].partition("\nassert ")[0].strip()
    return text if task.entry_point in text else f"{text}\n\nThe function is `{_call(task)}`."


def _call(task: Task) -> str:
    """The function's name with the parameters that it has in the task's solution."""
    for solution in task.solutions:
        tree = parse(solution)
        for node in tree.body if tree else ():
            if isinstance(node, ast.FunctionDef) and node.name == task.entry_point:
                return f"{node.name}({ast.unparse(node.args)})"
    return f"{task.entry_point}(...)"
