"""Instructions from docstrings."""

from __future__ import annotations

import pytest

from pipeline.stages.documented import described


def test_an_instruction_shows_signature_docstring_and_the_imports_of_the_signature_and_no_code() -> None:
    code = (
        "from collections.abc import Iterable\nimport os\n\n@cache\n"
        'def total(values: Iterable[int], *, skip: int = 0) -> int:\n    """Add them up.\n\n    >>> total([1])\n    1\n'
        '    """\n    return sum(values) - skip\n'
    )
    instruction = described(code, "total")
    assert instruction is not None
    for part in ("`total`", "from collections.abc import Iterable", "*, skip: int=0) -> int:", "    >>> total([1])"):
        assert part in instruction
    for part in ("import os", "cache", "sum("):
        assert part not in instruction


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("def f(x):\n    return x\n", "f"),
        ('class A:\n    """Text."""\n', "A"),
        ('class A:\n    def f(self):\n        """Text."""\n', "A.f"),
        ("def f(:\n", "f"),
    ],
    ids=["no docstring", "class", "method", "no Python"],
)
def test_what_is_no_function_with_a_docstring_is_no_instruction(code: str, name: str) -> None:
    assert described(code, name) is None
