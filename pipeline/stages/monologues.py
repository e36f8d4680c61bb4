"""After decontamination, where `[monologues] enabled`: calls of a response's tests, line by line (SemCoder).

A call with literal arguments is traced in the sandbox, and the trace is told by templates: so a monologue is right by
construction, and costs no tokens. In: a shard of decontamination, with its verdicts and responses. Out: records {id,
monologues, untold}. Nothing is rejected: a response without a monologue can be a row all the same, and `untold` is the
reason. What a response's own code forges in its trace is not noticed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set
from typing import Any

import luigi

from pipeline.behaviour import embedded
from pipeline.behaviour.calls import LiteralCall, literal_calls
from pipeline.behaviour.narration import Untold, narrate
from pipeline.config import Settings
from pipeline.project.sandboxes import open_pool
from pipeline.prompts import execution
from pipeline.records import Monologue, Told
from pipeline.stages.decontamination import Decontamination
from pipeline.stages.ratings import Ratings
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.text.executable import executable
from pipeline.verification.instrument import uses_hashes
from sandbox import Program, Result

_TIME_SHARE = 0.8  # of the program's wall limit
_HASH_SEEDS = 6  # of interpreters, for code with sets


class Monologues(ShardTask):
    """A shard of the monologues stage."""

    stage, version = "monologues", 1
    follows = Decontamination

    def requires(self) -> luigi.Task:
        return self.after(Ratings if self.project.settings.ratings.enabled else self.follows)

    def ingredients(self) -> dict[str, Any]:
        section = self.project.settings.monologues
        return {"forms": section.forms, "calls": section.calls, "steps": section.steps}

    def outcomes(self, done: Set[str]) -> Outcomes:
        passed = {record["id"] for record in self.records_of("executions") if record["passed"]}
        to_trace: dict[str, tuple[str, list[LiteralCall]]] = {}
        for record in self.kept_of("responses"):
            id, code = record["id"], record["code"]
            if id in done:
                continue
            if id not in passed:
                yield Outcome(id, {"id": id, "monologues": None, "untold": ""})
            elif not (calls := literal_calls(code, record["tests"])[: self.project.settings.monologues.calls]):
                yield Outcome(id, _untold(id, "no_literal_call"))
            else:
                to_trace[id] = executable(code), calls
        if not to_trace:
            return
        forms = self.project.settings.monologues.forms
        with open_pool(self.project, self.reporter.say) as pool:
            for result in pool.run_many(self._programs(to_trace)):
                code, calls = to_trace[result.id]
                told_of = told(result, code, calls, execution.FORMS if forms == "both" else (forms,))
                spent = {
                    "monologues": len(told_of["monologues"] or ()),
                    "executions": 1,
                    "wall_s": result.wall_s,
                    "cpu_s": result.cpu_s,
                }
                yield Outcome(result.id, dict(told_of), spent)

    def _programs(self, to_trace: dict[str, tuple[str, list[LiteralCall]]]) -> Iterator[Program]:
        settings = self.project.settings
        for id, (code, calls) in to_trace.items():
            seconds = _TIME_SHARE * settings.executions.timeout
            yield Program(id, embedded.program(id, "trace", job(code, calls, settings.monologues.steps, seconds)))


def last_of(settings: Settings) -> type[ShardTask]:
    """The last stage before the selection, but for those that `[project] stages` places behind it."""
    if settings.monologues.enabled:
        return Monologues
    return Ratings if settings.ratings.enabled else Decontamination


def job(code: str, calls: Sequence[LiteralCall], steps: int, seconds: float) -> dict[str, Any]:
    """What inside/trace.py traces, within so many seconds. The order of a set may differ in every interpreter."""
    has_sets = uses_hashes(code) or any(uses_hashes(call.text) for call in calls)
    return {
        "code": code,
        "calls": [(call.function, call.arguments, call.named) for call in calls],
        "steps": steps,
        "hash_seeds": list(range(_HASH_SEEDS if has_sets else 2)),
        "seconds": seconds,
    }


def told(result: Result, code: str, calls: Sequence[LiteralCall], forms: Sequence[str]) -> Told:
    """The record of a response whose calls a program has traced."""
    found: list[Monologue] = []
    reasons: list[str] = []
    report = embedded.read_report(result.id, result.stdout)
    if not isinstance(report, list) or len(report) != len(calls):
        return _untold(result.id, "sandbox_error" if result.status == "sandbox_error" else "no_report")
    for call, traced in zip(calls, report, strict=True):
        try:
            if "untold" in traced:
                raise Untold(str(traced["untold"]))
            value, narration = str(traced["value"]), narrate(code, traced["frame"])
            ast.literal_eval(value)
        except Untold as reason:
            reasons.append(str(reason))
        except (AttributeError, KeyError, IndexError, TypeError, ValueError, SyntaxError, RecursionError):
            reasons.append("no_report")  # of another shape than a trace: the response's code wrote it
        else:
            found += [_monologue(form, code, call, value, narration) for form in forms]
    return {"id": result.id, "monologues": found, "untold": "" if found else reasons[0]}


def _untold(id: str, reason: str) -> Told:
    return {"id": id, "monologues": [], "untold": reason}


def _monologue(form: str, code: str, call: LiteralCall, value: str, narration: str) -> Monologue:
    if form == execution.FORWARD:
        question, answer = execution.output_question(code, call.text), execution.forward(call.text, value, narration)
    else:
        question = execution.input_question(code, call.function, value)
        answer = execution.backward(call.text, value, narration)
    return {"form": form, "call": call.text, "value": value, "question": question, "answer": answer}
