"""Preference pairs: a row's response, and a worse one to the same instruction that is not nonsense.

Every response of the instruction, whether it passed its own tests or not, is run against the row's pooled tests, check
by check. The pair is one of AceCoder's (arXiv 2502.01718): the better response passes at least MIN_BEST of the checks,
the worse one some, and MIN_GAP less. So a right response whose own tests are wrong is no bad example, and a wrong one
that passes its own tests is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pipeline import joined
from pipeline.behaviour import embedded
from pipeline.dataset.finished import FinishedDataset
from pipeline.errors import MachineError
from pipeline.export.reward import code_of
from pipeline.project.sandboxes import limits
from pipeline.records import Response, Row, instruction_of
from pipeline.text.checks import checks
from pipeline.text.hashing import rank
from pipeline.verification import instrument
from sandbox import Pool, Program, SandboxUnavailable

MIN_BEST, MIN_GAP = 0.8, 0.4  # shares of the checks
_TIME_SHARE = 0.8  # of a program's wall limit


def all_tests(row: Row) -> str:
    """A row's pooled tests, or its own where no other response agrees; rows of earlier versions have no pooled ones."""
    return row.get("pooled_tests") or row["tests"]


def preference_pairs(dataset: FinishedDataset) -> Iterator[tuple[Row, str]]:
    """Each row whose instruction has a worse response, with the text of that; of several, the first by a hash.

    Raises MachineError when this machine cannot run programs in a sandbox.
    """
    rows: dict[str, list[Row]] = {}
    for row in dataset.rows():
        rows.setdefault(instruction_of(row["id"]), []).append(row)
    of_rows = {row["id"] for several in rows.values() for row in several}
    repaired = {row["id"] for several in rows.values() for row in several if row.get("attempt")}
    for shard in dataset.shards("responses"):
        responses: dict[str, dict[str, Response]] = {}
        for record in joined.read(dataset.artifacts, "responses", shard.number) if repaired else shard.read():
            if record["instruction_id"] in rows:
                responses.setdefault(record["instruction_id"], {})[record["id"]] = cast(Response, record)
        for record in shard.read() if repaired else ():
            if record["id"] in repaired:
                responses[record["instruction_id"]][f"{record['id']} attempt"] = cast(Response, record)
        trials = {
            f"{row['id']} {id}": (row, response)
            for instruction, others in responses.items()
            for row in rows[instruction]
            for id, response in others.items()
            if id == row["id"] or (id not in of_rows and response["response"] != row["response"])
        }
        scores = _scores(dataset, trials)
        for row in (row for instruction in responses for row in rows[instruction]):
            best = scores.get(f"{row['id']} {row['id']}", 0.0)
            worse = [
                response
                for key, (of, response) in trials.items()
                if of is row and 0 < scores.get(key, 0.0) <= best - MIN_GAP
            ]
            if best >= MIN_BEST and worse:
                yield row, min(worse, key=lambda response: rank(response["id"]))["response"]


def _scores(dataset: FinishedDataset, trials: dict[str, tuple[Row, Response]]) -> dict[str, float]:
    """The share of the row's checks that each response passes; none where the sandbox gave no report."""
    made, scores = dataset.executed_with, dict[str, float]()
    if not trials:
        return scores
    seconds = _TIME_SHARE * made["timeout_s"]
    wanted = {row["id"]: checks(all_tests(row)) for row, _ in trials.values()}
    names = {row["id"]: instrument.entry(code_of(row["response"])) for row, _ in trials.values()}

    def program(key: str, row: Row, response: Response) -> Program:
        code = under_name(names[row["id"]], response["code"])
        job = {"code": code, "checks": wanted[row["id"]], "seconds": seconds}
        return Program(key, embedded.program(key, "passing", job))

    programs = (program(key, row, response) for key, (row, response) in trials.items())
    try:
        with Pool(limits=limits(made["timeout_s"], made["memory_mb"]), packages=tuple(made["packages"])) as pool:
            for result in pool.run_many(programs):
                report = embedded.read_report(result.id, result.stdout)
                count = len(wanted[trials[result.id][0]["id"]])
                if isinstance(report, list) and len(report) == count and count:
                    scores[result.id] = report.count(True) / count
    except SandboxUnavailable as error:
        raise MachineError(str(error), "`python -m sandbox check` shows more") from None
    return scores


def under_name(name: str, code: str) -> str:
    """The code, with what its own tests call under another name as well, where it does not define that."""
    if not name or name in instrument.defined(code) or not (own := instrument.entry(code)):
        return code
    return f"{code}\n{name} = {own}\n"
