"""A taskset of `verifiers`: programming tasks, each with the reward 1 if the tests of the task pass, or else 0.

This file stands beside tasks.jsonl and reward.py, which runs the tests in a sandbox of selfcodealign-luigi. An
evaluation or a training names the package as its taskset: `selfcodealign_tasks`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import verifiers.v1 as vf

from .reward import reward as rewards_of

_TASKS = Path(__file__).with_name("tasks.jsonl")


class CodeData(vf.TaskData):
    """A task's tests, and under what they are run: installed packages, seconds, MiB of memory."""

    tests: str
    difficulty: str
    packages: list[str]
    timeout_s: float | None
    memory_mb: int | None


class CodeTask(vf.Task[CodeData, vf.State, vf.TaskConfig]):
    """A task that one answer solves."""

    @vf.reward
    async def tests_pass(self, trace: vf.Trace) -> float:
        """1 if the code of the last reply passes the tests, and they fail once what they use is wrong; else 0."""
        data = self.data
        # In a thread: several answers are judged at the same time.
        (value,) = await asyncio.to_thread(
            rewards_of,
            [trace.last_reply],
            [data.tests],
            packages=[data.packages],
            timeout_s=[data.timeout_s],
            memory_mb=[data.memory_mb],
        )
        return value


class CodeTasksetConfig(vf.TasksetConfig):
    """`difficulty`: the tasks of one difficulty; empty: all."""

    difficulty: str = ""


class CodeTaskset(vf.Taskset[CodeTask, CodeTasksetConfig]):
    """The tasks of tasks.jsonl, in their order."""

    def load(self) -> Iterator[CodeTask]:
        for line in _TASKS.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if self.config.difficulty in ("", row["difficulty"]):
                yield CodeTask(CodeData(**{"prompt": row["prompt"][-1]["content"], **_fields(row)}), self.config.task)


def _fields(row: dict[str, object]) -> dict[str, object]:
    return {key: row[key] for key in ("id", "tests", "difficulty", "packages", "timeout_s", "memory_mb")}
