"""The form `repairs`: repaired rows as conversations of two turns, in which the second answer corrects the first.

In: a dataset with repaired rows, the stages that it was made from. Out: the instruction, the failed attempt, what
happened when it ran with its tests, the row's response. A row is left out whose
attempt holds a secret or personal data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from pipeline.dataset.finished import FinishedDataset
from pipeline.records import Response, Verdict
from pipeline.text import private
from pipeline.text.markdown import fence
from pipeline.verification import attempts


def repairs(dataset: FinishedDataset) -> Iterator[dict[str, Any]]:
    """The repaired rows as messages; none where the dataset has no such rows."""
    rows = {row["id"]: row for row in dataset.rows() if row.get("attempt")}
    for responses, executions in zip(dataset.shards("responses"), dataset.shards("executions"), strict=True):
        if not rows:
            return
        verdicts = {record["id"]: cast(Verdict, record) for record in executions.read() if record["id"] in rows}
        for record in responses.read():
            if (id := record["id"]) in rows:
                attempt = cast(Response, record)
                outcome = attempts.outcome(attempt, verdicts[id])
                if private.rule_of(f"{attempt['response']}\n{outcome}") is None:
                    turns = (rows[id]["instruction"], attempt["response"], _told(outcome), rows[id]["response"])
                    roles = ("user", "assistant", "user", "assistant")
                    messages = [{"role": role, "content": text} for role, text in zip(roles, turns, strict=True)]
                    yield {"id": id, "messages": messages}


def _told(outcome: str) -> str:
    return f"This does not pass its tests:\n\n{fence(outcome, 'text')}\n\nCorrect it."
