"""The exported reward.py stands alone: it loads nothing of the pipeline, and reads a response as that does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import product

import pytest

from pipeline.export import reward
from pipeline.text import markdown, programs

FENCES = ("```", "````", "~~~", "  ```")
LANGUAGES = ("python", "py", "python3", "", "python  ")
BODIES = ("x = 1\n", "", "a = '''\n```\n'''\n", "x = 1\r\n", "  indented\n\n", "é = '`'\n")
TEXTS = [
    *(f"Here:\n\n{fence}{language}\n{body}{fence}\nand so on"
      for fence, language, body in product(FENCES, LANGUAGES, BODIES)),
    "", "no code", "```python\nnever closed", "```python\na\n```\n```py\nb\n```  \ntext\n",
    "````python\n```python\nx\n```\n````", "\x00```python\nx\n```",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_it_finds_the_same_code_as_the_pipeline(text):
    assert reward.code_blocks(text) == markdown.code_blocks(text)


@pytest.mark.parametrize(("code", "tests"), [*product(("", "x = 1", "x\n\n\n", " \t\n"), repeat=2)])
def test_it_makes_the_same_program_as_the_pipeline(code, tests):
    assert reward.program_text(code, tests) == programs.program_text(code, tests)


def test_a_trainer_that_imports_it_loads_no_pipeline(tmp_path):
    shutil.copy(reward.__file__, tmp_path / "reward.py")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import reward; assert callable(reward.reward); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert {"reward", "sandbox"} <= loaded
    assert not loaded & {"pipeline", "luigi", "numpy", "tree_sitter"}
