"""Between verifications and decontamination, where `[instructions] source = docstring`: the seed is the oracle.

The instruction describes a function that a person wrote: the seed. A response is right when it answers as the seed
does, whatever its own tests are worth. All calls that the tests of the instruction's responses make, and variants of
them, are made of both, in processes of their own: values, exceptions and changed arguments have to be equal.

In: a shard of verifications, with responses and seeds. Out: records {id, calls, variants}: on how many calls of tests,
and on how many variants, it was compared; null for a response that did not pass its tests, which is data and kept.
Rejected: unlike_seed, function_missing; seed_silent where the seed cannot answer; not_compared when the sandbox could
not judge.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from itertools import groupby
from typing import Any, ClassVar

from pipeline.behaviour import embedded
from pipeline.project.sandboxes import open_pool
from pipeline.records import Compared, Rejection, Rules
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.verifications import Verifications
from pipeline.text.executable import executable
from pipeline.text.normalise import parse
from sandbox import Program, Result

LEAST_CALLS = 3  # of tests and variants together, below which an equal answer proves little
_TIME_SHARE = 0.8  # of the program's wall limit


class Oracle(ShardTask):
    """A shard of the oracle stage."""

    stage, version = "oracle", 2
    follows = Verifications
    rules: ClassVar[Rules] = {
        "unlike_seed": "The response passes its tests, and answers a call otherwise than the seed that was described.",
        "function_missing": "The code of the response has no function of the seed's name that could be called.",
        "seed_silent": "The seed does not run in the sandbox, or answers too few calls to be compared with.",
        "not_compared": "The comparison with the seed gave no report: it was ended, or the sandbox failed.",
    }

    def ingredients(self) -> dict[str, Any]:
        return {}

    def outcomes(self, done: Set[str]) -> Outcomes:
        passed = {record["id"] for record in self.kept_of("executions") if record["passed"]}
        to_compare = set()
        for record in self.kept_of("responses"):
            if record["id"] in done:
                continue
            if record["id"] in passed:
                to_compare.add(record["id"])
            else:
                yield Outcome(record["id"], {"id": record["id"], "calls": None, "variants": None})
        if not to_compare:
            return
        compared: dict[str, list[str]] = {}
        timeout = self.project.settings.verification.timeout
        with open_pool(self.project, self.reporter.say, timeout) as pool:
            for result in pool.run_many(self._programs(to_compare, compared, timeout)):
                yield from _outcomes(result, compared.pop(result.id))

    def _programs(self, ids: Set[str], compared: dict[str, list[str]], timeout: float) -> Iterator[Program]:
        """A program for each instruction; `compared` gets the ids of its responses, in their order."""
        seeds = {seed["id"]: seed for seed in self.input_paths("seeds").read()}
        responses = self.records_of("responses")
        for instruction, group in groupby(responses, key=lambda record: record["instruction_id"]):
            of_instruction = list(group)
            rows = [record for record in of_instruction if record["id"] in ids]
            if not rows:
                continue
            compared[instruction] = [record["id"] for record in rows]
            job = {
                "seed": seeds[instruction]["code"],
                "name": seeds[instruction]["name"],
                "tests": [statements(record["tests"]) for record in of_instruction],
                "rows": [executable(record["code"]) for record in rows],
                "seconds": _TIME_SHARE * timeout,
            }
            yield Program(instruction, embedded.program(instruction, "oracle", job))


def statements(tests: str) -> list[str]:
    """The statements of tests, each as a program; those of test functions, which a framework would call, too."""
    module = parse(tests)
    if module is None:
        return []
    found = []
    for node in module.body:
        found.append(ast.unparse(node))
        if isinstance(node, ast.FunctionDef) and not node.args.args:
            found += map(ast.unparse, node.body)
    return found


def _outcomes(result: Result, ids: list[str]) -> Iterator[Outcome]:
    """The outcome of every response of an instruction."""
    report = embedded.read_report(result.id, result.stdout)
    spent = {"executions": 1 / len(ids), "wall_s": result.wall_s / len(ids), "cpu_s": result.cpu_s / len(ids)}
    for number, id in enumerate(ids):
        if report is None:
            yield Outcome(id, Rejection("not_compared", f"{result.status}: {result.detail}"[:200]), spent)
        else:
            yield Outcome(id, judged(id, report, number), spent)


def judged(id: str, report: Mapping[str, Any], number: int) -> Compared | Rejection:
    """The record of the response whose place in a report is `number`, or the rule that it breaks."""
    if "error" in report:
        return Rejection("seed_silent", report["error"])
    calls, variants, row = report["calls"], report["variants"], report["rows"][number]
    if calls + variants < LEAST_CALLS:
        return Rejection("seed_silent", f"it answers {calls} calls of the tests and {variants} variants of them")
    if row is None:
        return Rejection("function_missing", "the code does not run, or defines no function of the seed's name")
    words, is_variant = row
    if words:
        return Rejection("unlike_seed", f"{'variant ' if is_variant else ''}{words}")
    return {"id": id, "calls": calls, "variants": variants}
