"""Rows of a dataset in other forms: pure functions, a form each.

The names of the fields are those that TRL, axolotl and the hub's viewers know; `id` stays in each, so that
`explain` finds the row of anything that was trained on.
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def chat(row: Row) -> Row:
    """Messages: what TRL's SFTTrainer and axolotl's chat_template take."""
    return {"id": row["id"], "messages": [*_user(row), *_assistant(row["response"])]}


def alpaca(row: Row) -> Row:
    """Instruction, input, output; a task of ours has no input beside the instruction."""
    return {
        "id": row["id"],
        "instruction": row["instruction"],
        "input": "",
        "output": row["response"],
    }


def reinforcement(row: Row) -> Row:
    """A prompt with the tests that an answer has to pass; `runner` is the file that runs them."""
    return {
        "id": row["id"],
        "prompt": _user(row),
        "tests": row["tests"],
        "difficulty": row["difficulty"],
        "runner": "reward.py",
    }


def preference(row: Row, failing: str) -> Row:
    """The row's response against one of the same instruction that failed: what DPOTrainer takes."""
    return {
        "id": row["id"],
        "prompt": _user(row),
        "chosen": _assistant(row["response"]),
        "rejected": _assistant(failing),
    }


def _user(row: Row) -> list[Row]:
    return [{"role": "user", "content": row["instruction"]}]


def _assistant(text: str) -> list[Row]:
    return [{"role": "assistant", "content": text}]
