"""The exported reward.py stands alone: it loads nothing of the pipeline, and reads a response as that does."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from itertools import product

import pytest

from pipeline.export import reward
from pipeline.project import sandboxes
from pipeline.text import markdown, programs
from sandbox.falsified import together

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
    assert together(code, tests) == programs.program_text(code, tests)


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


CODE = "def double(x):\n    return 2 * x\n"
WRONG = CODE.replace("2", "3")
COMPLETIONS = [
    (f"Here it is:\n\n```python\n{CODE}```\n", 1.0),
    (f"```python3\n{CODE}```", 1.0),
    (f"```Python\n{CODE}```", 1.0),
    (f"```PY\n{CODE}```", 1.0),
    (f"```python3.12\n{CODE}```", 1.0),
    (f"```\n{CODE}```\n\nIt doubles.", 1.0),
    (f"~~~python\n{CODE}~~~", 1.0),
    (f"``` python\n{CODE}```", 1.0),
    (f"```python\n{CODE}```".replace("\n", "\r\n"), 1.0),
    (f"```Python\n{CODE}```".replace("\n", "\r\n"), 1.0),
    (CODE, 1.0),
    ([{"role": "assistant", "content": f"```\n{CODE}```"}], 1.0),
    (f"```python3\n{WRONG}```", 0.0),
    (WRONG, 0.0),
    (f"```python\n{WRONG}```\n\n```\n{CODE}```", 0.0),
    (f"```bash\nrm x\n```\n{CODE}", 0.0),
    (f"```{{python}}\n{CODE}```", 1.0),
    (f"```python title=\"a.py\"\n{CODE}```", 1.0),
    (f"```ipython3\n{CODE}```", 1.0),
    (f"1. So:\n\n   ```python\n{textwrap.indent(CODE, '   ')}   ```\n", 1.0),
    (f"```python3\n{CODE}", 1.0),
    (f"```\nan output\n```\n\n```python\n{CODE}```", 1.0),
    (f"```bash\nrm x\n```\n\n```python3\n{CODE}```", 1.0),
    (f"```js\n{CODE}```", 0.0),
    ("It cannot be done.", 0.0),
    ([], 0.0),
    ([{"role": "assistant", "content": None}], 0.0),
    ("", 0.0),
]  # fmt: skip


def test_the_fences_that_models_write_are_read_and_a_wrong_answer_earns_nothing():
    completions = [completion for completion, _ in COMPLETIONS]
    rewards = reward.reward(completions, ["assert double(2) == 4\n"] * len(completions))
    assert rewards == [wanted for _, wanted in COMPLETIONS]


def test_a_completion_runs_under_the_packages_and_limits_of_its_row():
    slow = "import time\n\ndef double(x):\n    time.sleep(1.5)\n    return 2 * x\n"
    needs = "import pathspec\n\ndef double(x):\n    return 2 * x\n"
    completions = [f"```python\n{code}```" for code in (slow, slow, needs, needs)]
    rewards = reward.reward(
        completions,
        ["assert double(2) == 4\n"] * 4,
        packages=[[], [], [], ["pathspec"]],
        timeout_s=[10.0, 0.5, 10.0, 10.0],
        memory_mb=[512] * 4,
        difficulty=["easy"] * 4,
    )
    assert rewards == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(("seconds", "memory"), [(10.0, 1024), (0.3, 64)])
def test_its_limits_are_those_of_the_pipeline(seconds, memory):
    assert reward.limits(seconds, memory) == sandboxes.limits(seconds, memory)


def test_completions_and_columns_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        reward.reward(["a", "b"], ["assert 1"])


def test_code_that_makes_the_tests_comparisons_lie_earns_nothing():
    lying = f"import math\n{WRONG}class Lying(type(math)):\n    isclose = property(lambda self: lambda *_: True)\n"
    tests = "import math\nassert math.isclose(double(1.0), 2.0)\n"
    assert reward.reward([lying + "math.__class__ = Lying\n", CODE], [tests] * 2) == [0.0, 1.0]


def test_the_reward_by_share_counts_the_checks_of_an_answer_that_is_not_right():
    checks = [f"assert double({n}) == {2 * n}" for n in range(4)]
    codes = [CODE, CODE.replace("2 * x", "x * x"), CODE.replace("2 * x", "None"), "raise SystemExit(0)"]
    rewards = reward.reward_by_share(
        [f"```python\n{code}```" for code in codes], ["\n".join(checks)] * 4, [checks] * 4, timeout_s=[10.0] * 4,
        memory_mb=[512] * 4, packages=[[]] * 4,
    )  # fmt: skip
    assert rewards == [1.0, 0.5, 0.0, 0.0]
