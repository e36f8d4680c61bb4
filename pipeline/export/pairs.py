"""Preference pairs: a row's response against one of the same instruction that is really worse.

A response that failed may be right and its own tests wrong. So each failing response is run once more, against
the tests that the row's response passed, under the limits of the run; only what fails these as well is the
rejected side of a pair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from pipeline.dataset.finished import Finished
from pipeline.errors import MachineError
from pipeline.export.forms import preference
from pipeline.stages.executions import limits
from pipeline.text.programs import program_text
from sandbox import Pool, Program, SandboxUnavailable


def preference_pairs(dataset: Finished) -> Iterator[dict[str, Any]]:
    """One pair for each row whose instruction has such a response; of several, the first by a hash."""
    rows = {row["seed"]["id"]: row for row in dataset.rows()}
    texts: dict[str, str] = {}
    programs = []
    for response in _failing(dataset):
        row = rows.get(response["instruction_id"])
        if row is not None and response["response"] != row["response"]:
            texts[response["id"]] = response["response"]
            programs.append(Program(response["id"], program_text(response["code"], row["tests"])))
    worse: dict[str, list[str]] = {}
    for id in _failing_again(dataset, programs):
        worse.setdefault(id.rpartition("-")[0], []).append(id)
    for instruction, row in rows.items():
        if instruction in worse:
            yield preference(row, texts[min(worse[instruction], key=_by_hash)])


def _failing(dataset: Finished) -> Iterator[dict[str, Any]]:
    """Responses that ran and failed their own tests."""
    shards = zip(dataset.shards("executions"), dataset.shards("responses"), strict=True)
    for verdicts, responses in shards:
        failed = {record["id"] for record in verdicts.read() if not record["passed"]}
        yield from (record for record in responses.read() if record["id"] in failed)


def _failing_again(dataset: Finished, programs: list[Program]) -> Iterator[str]:
    made = dataset.ingredients["executions"]
    if not programs:
        return
    try:
        with Pool(
            limits=limits(made["timeout_s"], made["memory_mb"]), packages=tuple(made["packages"])
        ) as pool:
            for result in pool.run_many(programs):
                if not result.passed and result.status != "sandbox_error":
                    yield result.id
    except SandboxUnavailable as error:
        raise MachineError(str(error), "`python -m sandbox check` says more") from None


def _by_hash(id: str) -> bytes:
    return hashlib.sha256(id.encode()).digest()
