"""`completion`: what bash completes with the script that is printed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pipeline.commands.completion import script

BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("pre", "preview"),
        ("run FinalD", "FinalDataset"),
        ("doctor SelfA", "SelfAlignment"),
        ("status --al", "--all"),
        ("-C folder why --responses-sam", "--responses-samples"),
        ("run FinalDataset --engine-n-thr", "--engine-n-threads"),
    ],
)
def test_a_word_is_completed(words: str, completed: str) -> None:
    listed = words.split(" ")
    program = f'{script()}\nCOMP_WORDS=(selfcodealign {words}); COMP_CWORD={len(listed)}; _selfcodealign; echo "${{COMPREPLY[@]}}"'
    ended = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [completed]
