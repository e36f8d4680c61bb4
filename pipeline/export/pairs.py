"""Preference pairs: a row whose response passed, and a really worse response to the same instruction.

A response that failed may be right and its own tests wrong. So each failing response is run once more, against
the tests that the row's response passed, under the limits of the run; only a response that fails these as well
is the rejected side of a pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pipeline.dataset.finished import FinishedDataset
from pipeline.errors import MachineError
from pipeline.project.sandboxes import limits
from pipeline.records import Response, Row, instruction_of
from pipeline.text.hashing import rank
from pipeline.text.programs import program_text
from sandbox import Pool, Program, SandboxUnavailable


def preference_pairs(dataset: FinishedDataset) -> Iterator[tuple[Row, str]]:
    """Each row whose instruction has a worse response, with the text of that; of several, the first by a hash.

    Raises MachineError when this machine cannot run programs in a sandbox.
    """
    rows = {row["seed"]["id"]: row for row in _passing(dataset)}
    texts: dict[str, str] = {}
    programs = []
    for response in _failing(dataset):
        row = rows.get(response["instruction_id"])
        if row is not None and response["response"] != row["response"]:
            texts[response["id"]] = response["response"]
            programs.append(Program(response["id"], program_text(response["code"], row["tests"])))
    worse: dict[str, list[str]] = {}
    for id in _failing_again(dataset, programs):
        worse.setdefault(instruction_of(id), []).append(id)
    for instruction, row in rows.items():
        if instruction in worse:
            yield row, texts[min(worse[instruction], key=rank)]


def _passing(dataset: FinishedDataset) -> Iterator[Row]:
    """The rows whose response passed: where rows were not chosen among those alone, some did not."""
    rows = list(dataset.rows())
    ids = {row["id"] for row in rows}
    passed = {
        record["id"]
        for shard in dataset.shards("executions")
        for record in shard.read()
        if record["passed"] and record["id"] in ids
    }
    return (row for row in rows if row["id"] in passed)


def _failing(dataset: FinishedDataset) -> Iterator[Response]:
    """Responses that ran and failed their own tests."""
    shards = zip(dataset.shards("executions"), dataset.shards("responses"), strict=True)
    for verdicts, responses in shards:
        failed = {record["id"] for record in verdicts.read() if not record["passed"]}
        for record in responses.read():
            if record["id"] in failed:
                yield cast(Response, record)


def _failing_again(dataset: FinishedDataset, programs: list[Program]) -> Iterator[str]:
    """The ids of the programs that do not pass, run under the limits of the dataset's executions."""
    made = dataset.executed_with
    if not programs:
        return
    try:
        with Pool(limits=limits(made["timeout_s"], made["memory_mb"]), packages=tuple(made["packages"])) as pool:
            for result in pool.run_many(programs):
                if not result.passed and result.status != "sandbox_error":
                    yield result.id
    except SandboxUnavailable as error:
        raise MachineError(str(error), "`python -m sandbox check` shows more") from None
