"""Code that loses its comments runs again: what needs a docstring to pass keeps all of them."""

from __future__ import annotations

from types import SimpleNamespace

from pipeline.config import sections
from pipeline.records import Rejection
from pipeline.selection.selector import Fate
from pipeline.stages.shaped import in_form

PLAIN = 'def twice(x):\n    """Twice x."""\n    return 2 * x  # so\n'
READS = PLAIN.replace("2 * x", "2 * x if twice.__doc__ else 0")
REJECTED = Rejection("not_chosen", "another was")


def project(**changes):
    defaults = {key: parameter.task_value("shaping", key) for key, parameter in sections.shaping.get_params()}
    settings = SimpleNamespace(
        shaping=SimpleNamespace(**{**defaults, **changes}),
        executions=SimpleNamespace(timeout=10.0, memory_mb=512),
        sandbox=SimpleNamespace(packages=""),
    )
    return SimpleNamespace(settings=settings, sandbox_workers=1)


def row(id: str, code: str):
    response = f"It doubles.\n\n```python\n{code}```"
    return {"id": id, "instruction": "Write it.", "response": response, "tests": "assert twice(2) == 4\n", "shape": []}


def test_code_that_does_not_pass_without_its_comments_keeps_them_and_gets_the_other_forms():
    fates = [Fate("a", row("a", PLAIN)), Fate("b", REJECTED), Fate("c", row("c", READS))]
    a, b, c = in_form(project(comments=0.0, reasoning=0.0), print, fates)
    assert b == fates[1]
    assert a.outcome["shape"] == ["no_comments", "no_reasoning"]
    assert a.outcome["response"] == "```python\ndef twice(x):\n    return 2 * x\n```"
    assert c.outcome["shape"] == ["no_reasoning"]
    assert c.outcome["response"] == f"```python\n{READS}```"


def test_without_forms_nothing_is_run_and_nothing_changes():
    fates = [Fate("a", row("a", PLAIN)), Fate("b", REJECTED)]
    assert list(in_form(SimpleNamespace(settings=project().settings), print, fates)) == fates
