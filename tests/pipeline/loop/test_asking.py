"""The ways in which a model is asked, and the code in its answers."""

from __future__ import annotations

import pytest

from pipeline.engine import ModelFacts
from pipeline.errors import ConfigError
from pipeline.loop.asking import Way, blocks_of_python, require_template
from pipeline.packs.layouts import Task
from pipeline.packs.problems import WORDINGS, with_prefixes
from pipeline.prompts import tuned

STUB = Task("p", "1", ("Double x.", 'def double(x):\n    """Double x."""\n'), (), "double")
TEXT = Task("p", "2", ("Double a number.",), (), "double", "", "assert double(2) == 4\nassert double(0) == 0")
PLUS = Task(
    "p",
    "3",
    ("Double a number.\nassert double(1) == 2", '"""\nDouble a number.\nassert double(1) == 2\n"""'),
    (),
    "double",
)
PLAIN = WORDINGS["plain"]
FACTS = ModelFacts(
    path="m.gguf", architecture="llama", name="m", n_ctx_train=1, n_vocab=1, n_params=1, size_bytes=1, quantization="",
    has_chat_template=True, add_bos=True, gpu_offload=False, devices=(), llama_cpp="", unwritable="", token_counts=(),
    chat_template="{{ bos_token }}[{{ messages[0].content }}]{% if add_generation_prompt %}>{% endif %}", bos="<s>",
    eos="</s>",
)  # fmt: skip


def test_a_base_model_continues_the_stub_and_what_it_writes_is_the_program() -> None:
    way = Way("completion", PLAIN)
    assert way.prompt(STUB, "") == ('def double(x):\n    """Double x."""\n', "")
    assert way.code(STUB, "    return 2 * x") == 'def double(x):\n    """Double x."""\n    return 2 * x'
    assert "\ndef " in way.stops_of(STUB)


@pytest.mark.parametrize(("task", "test"), [(TEXT, "assert double(2) == 4"), (PLUS, "assert double(1) == 2")])
def test_a_text_is_continued_as_a_docstring_with_one_test(task: Task, test: str) -> None:
    way = Way("completion", PLAIN)
    assert way.prompt(task, "")[0] == f'"""\nDouble a number.\n{test}\n"""\n'
    assert "\ndef " not in way.stops_of(task)  # a function may have a helper


def test_the_references_prompt_shows_the_assertion_and_begins_the_response() -> None:
    way = Way("tuned", WORDINGS["reference"])
    context, tail = way.prompt(TEXT, "")
    asked = "Double a number.\n\nYour code should pass the following assertion:\n```python\nassert double(2) == 4\n```"
    assert context + tail == tuned.prompt(asked) + "```python"
    assert way.prompt(STUB, "")[1].startswith(
        "### Instruction\nWrite a Python function to solve the following task:\n```python\ndef double(x):"
    )
    assert "\n```\n" in way.stops
    assert way.code(TEXT, "\ndef double(x):\n    return 2 * x") == "def double(x):\n    return 2 * x\n"


def test_a_chat_has_the_models_own_template_and_the_engine_adds_its_first_token() -> None:
    assert Way("chat", PLAIN, facts=FACTS).prompt(PLUS, "")[0] == "[Double a number.\nassert double(1) == 2]>"
    assert Way("chat", PLAIN).stops == ()


def test_a_model_without_a_template_cannot_chat() -> None:
    from dataclasses import replace

    with pytest.raises(ConfigError, match="no chat template"):
        require_template(replace(FACTS, chat_template=""))


def test_prefixes_replace_those_of_the_wording() -> None:
    way = Way("tuned", with_prefixes(PLAIN, "Solve this:", "Sure:\n```python\n"))
    tail = way.prompt(STUB, "")[1]
    assert "### Instruction\nSolve this:\n```python\ndef double" in tail
    assert tail.endswith("### Response\nSure:\n```python\n")


def test_what_is_asked_determines_the_recipe_and_plain_words_leave_it_short() -> None:
    plain = Way("few_shot", PLAIN).ingredients()
    assert plain == {"stops": ["\n## ", "\n### "]}
    others = [Way("few_shot", WORDINGS["reference"]), Way("few_shot", with_prefixes(PLAIN, "Do:", "")),
              Way("chat", PLAIN, facts=FACTS), Way("completion", PLAIN)]  # fmt: skip
    assert len({str(way.ingredients()) for way in others} | {str(plain)}) == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("So:\n```python\nx = 1\n```\nand\n```py\ny = 2\n```\n", "x = 1\n\ny = 2\n"),
        ("```Python\nx = 1\n```", "x = 1\n"),
        ("```python3\nx = 1\n```", "x = 1\n"),
        ("```\nx = 1\n```\n", "x = 1\n"),
        ("```bash\nls\n```\n```python\nx = 1\n```\n", "x = 1\n"),
        ("```\nls\n```\n```python\nx = 1\n```\n", "x = 1\n"),
        ("```python\nx = 1", "x = 1\n"),
        ("````python\ns = '''\n```\n'''\n````\n", "s = '''\n```\n'''\n"),
        ("x = 1", None),
        ("```bash\nls\n```\n", None),
    ],
)
def test_the_code_is_that_of_the_blocks_of_python(text: str, code: str | None) -> None:
    assert blocks_of_python(text) == code
