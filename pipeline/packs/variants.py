"""Makes tasks of a pack ready to be asked and scored: their inputs, and questions of layouts with a way of their own.

A pack may be asked in several ways, which are scored apart: its variants, named after the file
(`cruxeval.jsonl#input`).
In: a layout, a row, its `Task`, a variant. Out: the `Task` with `inputs` or `asked`. Nothing is executed or unpickled.
"""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.packs.asked import Asked, Cases
from pipeline.packs.inputs import read_inputs
from pipeline.packs.inside.trial import packed
from pipeline.packs.layouts import Task
from pipeline.packs.methods import of_class, of_methods
from pipeline.packs.oracles import oracle_in
from pipeline.prompts.execution import input_question, output_question
from pipeline.text.markdown import fence

Maker = Callable[[dict[str, Any], Task, str], Task | None]


def of_evaluation(layout: str, row: dict[str, Any], task: Task, variant: str) -> tuple[Task, ...]:
    """The row's tasks as they are asked and scored: one, none where the variant leaves it out, or one for each method.

    Raises ValueError for a row that cannot be scored so, KeyError for a key that it has not.
    """
    if (layout, variant) == ("ClassEval", "method"):
        return tuple(of_methods(row, task))
    maker = _MAKERS.get(layout)
    made = maker(row, task, variant) if maker else task
    return () if made is None else (made,)


def variants(layout: str) -> tuple[str, ...]:
    """The variants of a layout, the default first; empty where it has none, or any (DS-1000's libraries)."""
    return _VARIANTS.get(layout, ())


def _with_inputs(row: dict[str, Any], task: Task, variant: str) -> Task:
    inputs = read_inputs(row, task.id, task.entry_point)
    if inputs is None or "inputs" not in row:
        return replace(task, inputs=inputs)
    if oracle := oracle_in(task.pack, task.id):
        inputs = replace(inputs, oracle=oracle)
    # EvoEval's stubs may end without a new line, which its evaluator adds.
    prompt, solution = str(row["prompt"]), str(row["canonical_solution"])
    whole = task.solutions[0] if task.solutions[0] == solution else f"{prompt.rstrip()}\n{solution}"
    return replace(task, inputs=inputs, solutions=(whole,))


def _mbpp(row: dict[str, Any], task: Task, variant: str) -> Task:
    """MBPP's tests; those of the hub's MBPP+ are in a column of their own, with MBPP's beside them."""
    test = row.get("test")
    if not isinstance(test, str) or not test:
        return task
    return replace(task, asked=Asked("", test))


def _cruxeval(row: dict[str, Any], task: Task, variant: str) -> Task:
    code, given, output = (str(row[key]) for key in ("code", "input", "output"))
    if variant == "input":
        asked = Asked(input_question(code, "f", output), f"assert answer == {output}", form="call")
        return replace(task, asked=asked, setup=code)
    call = f"f({given})"
    return replace(
        task,
        asked=Asked(
            output_question(code, call),
            f"assert {call} == answer",
            f"{code.rstrip()}\n\nassert {call} ==",
            ("\n",),
            form="value",
        ),
        setup=code,
    )


def _canitedit(row: dict[str, Any], task: Task, variant: str) -> Task:
    instruction, before = row[f"instruction_{variant or 'descriptive'}"], row["before"]
    document = f"## Code Before:\n{before}\n## Instruction:\n{instruction}\n## Code After:\n"
    return replace(
        task,
        asked=Asked(
            f"{instruction}\n\nChange this program:\n\n{fence(before)}", task.tests, document, ("\n## ",), begins=False
        ),
        entry_point="",
    )


def _bigcodebench(row: dict[str, Any], task: Task, variant: str) -> Task:
    stub = row["complete_prompt"]
    question = row["instruct_prompt"] if variant != "complete" else f"Complete this function.\n\n{fence(stub)}"
    stops = ("\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert ", "\nif __name__", "\nprint(")
    tests = f"{row['test']}\n\nimport unittest\nunittest.main()\n"
    return replace(task, asked=Asked(question, tests, stub, stops))


def _ds1000(row: dict[str, Any], task: Task, variant: str) -> Task | None:
    metadata = row["metadata"] if isinstance(row["metadata"], dict) else json.loads(row["metadata"])
    if variant and str(metadata.get("library", "")).lower() != variant.lower():
        return None
    context = str(row["code_context"])
    # The answer is inserted into a program of the benchmark's, as text.
    tests = f"{context}\n\ntest_execution(answer)\n" + ("test_string(answer)\n" if "test_string(" in context else "")
    question = f"{row['prompt']}\n\nWrite only the code that belongs there."
    return replace(task, asked=Asked(question, tests, form="text"), setup="")


def _livecodebench(row: dict[str, Any], task: Task, variant: str) -> Task:
    cases = [*_cases(row.get("public_test_cases")), *_private_cases(row.get("private_test_cases"))]
    if not cases:
        raise ValueError("it has no test cases")
    starter = str(row.get("starter_code") or "")
    if task.entry_point:
        question = f"{task.texts[0]}\n\nComplete this class:\n\n{fence(starter)}"
    else:
        question = f"{task.texts[0]}\n\nWrite a program that reads standard input and writes standard output."
    pairs = [(str(case["input"]), str(case["output"])) for case in cases]
    return replace(
        task,
        asked=Asked(
            question, cases=Cases(packed(pairs), task.entry_point), date=str(row.get("contest_date") or "")[:10]
        ),
    )


def _cases(value: Any) -> list[dict[str, Any]]:
    read = json.loads(value) if isinstance(value, str) and value else value or []
    if not isinstance(read, list) or not all(isinstance(case, dict) for case in read):
        raise ValueError("its test cases are no list of objects")
    return read


def _private_cases(value: Any) -> list[dict[str, Any]]:
    """Private tests: JSON, or JSON as a pickled text, compressed, in base64. The text is read without unpickling."""
    if not isinstance(value, str) or value.lstrip()[:1] in ("[", ""):
        return _cases(value)
    try:
        pickled = zlib.decompress(base64.b64decode(value, validate=True))
        texts = [argument for opcode, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
        return _cases(texts[0])
    except (binascii.Error, zlib.error, ValueError, IndexError) as error:
        raise ValueError(f"its private test cases are damaged: {error}") from error


_MAKERS: dict[str, Maker] = {
    "HumanEval": lambda row, task, variant: task,
    "EvalPlus": _with_inputs,
    "EvoEval": _with_inputs,
    "MBPP": _mbpp,
    "CRUXEval": _cruxeval,
    "CanItEdit": _canitedit,
    "ClassEval": lambda row, task, variant: of_class(row, task),
    "BigCodeBench": _bigcodebench,
    "DS-1000": _ds1000,
    "LiveCodeBench": _livecodebench,
}
SCORED = tuple(_MAKERS)  # the layouts of packs that can be scored
_VARIANTS = {
    "CRUXEval": ("output", "input"),
    "CanItEdit": ("descriptive", "lazy"),
    "ClassEval": ("class", "method"),
    "BigCodeBench": ("instruct", "complete"),
}
