"""A `verifiers` environment of tasks with tests: one answer a task, whose reward is 1 if the tests pass, or else 0.

This file stands alone beside tasks.jsonl and reward.py, which runs the tests in a sandbox of selfcodealign-luigi:

    environment = verifiers.load_environment("selfcodealign_tasks")
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from .reward import reward

_HERE = Path(__file__).parent
_UNDER = ("tests", "packages", "timeout_s", "memory_mb")


def load_environment(system_prompt: str | None = None, difficulty: str | None = None, **arguments: Any) -> Any:
    """The environment; `difficulty` takes the tasks of one, other arguments are those of SingleTurnEnv."""
    import verifiers
    from datasets import Dataset

    rows = [json.loads(line) for line in (_HERE / "tasks.jsonl").read_text(encoding="utf-8").splitlines()]
    # As text: tasks without packages would give the column another type.
    tasks = [
        {"prompt": row["prompt"], "answer": "", "info": json.dumps({key: row[key] for key in _UNDER})}
        for row in rows
        if difficulty in (None, row["difficulty"])
    ]
    rubric = verifiers.Rubric(funcs=[passes], weights=[1.0])
    dataset = Dataset.from_list(tasks)
    return verifiers.SingleTurnEnv(dataset=dataset, rubric=rubric, system_prompt=system_prompt, **arguments)


async def passes(completion: Any, info: Any, **_: Any) -> float:
    """1 if the code of the completion passes the task's tests, which are falsified as well; 0 if not."""
    under = json.loads(info) if isinstance(info, str) else info
    columns = {key: [under[key]] for key in _UNDER}
    # In a thread: several answers are judged at the same time.
    (given,) = await asyncio.to_thread(lambda: reward([completion], **columns))
    return given
