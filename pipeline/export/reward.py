"""The reward of a completion: 1.0 when its code passes the row's tests in a sandbox of its own, else 0.0.

Beside exported RL rows this file stands as `reward.py`. In TRL: `GRPOTrainer(reward_funcs=reward, ...)`; the
trainer hands over the column `tests`. It needs this project installed, and bubblewrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.text.markdown import code_blocks
from pipeline.text.programs import program_text
from sandbox import Limits, Pool, Program


def reward(completions: Sequence[Any], tests: Sequence[str], **_: Any) -> list[float]:
    """One reward a completion; completions are texts, or lists of messages as trainers make them."""
    programs = [
        Program(str(number), program_text("\n".join(code_blocks(_text(completion))), test))
        for number, (completion, test) in enumerate(zip(completions, tests, strict=True))
    ]
    with Pool(limits=Limits()) as pool:
        passed = {result.id: result.passed for result in pool.run_many(programs)}
    return [float(passed[str(number)]) for number in range(len(programs))]


def _text(completion: Any) -> str:
    return completion if isinstance(completion, str) else str(completion[-1]["content"])
