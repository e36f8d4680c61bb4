"""Calibrates the trust in a model's rows: how many of its answers are right, and which evidence shows it.

In: answers to tasks with hidden tests (truth.py), and a selection. Out: a document with the numbers and shares of right
answers among those in form, passing, agreed on and selected, and how well each kind of evidence separates right from
wrong among the passing ones.

Answers to one task are no independent observations, so an interval counts tasks: it is Wilson's for the share of right
answers among as many observations as there are tasks that have such an answer.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.config.settings import most_agreement
from pipeline.dataset import calibration
from pipeline.loop.statistics import Estimate, separation, wilson
from pipeline.operations.truth import TASKS_A_SHARD, Answers, HiddenTests
from pipeline.packs.pack import Pack
from pipeline.project.project import Project
from pipeline.records import Candidate, Rejection, Seed, instruction_of
from pipeline.stages import trust
from pipeline.stages.selection import selector_of

Log = Callable[[str], None]

# Values of [selection] min_agreement that are compared.
DEMANDED = (0.0, 0.25, 0.5, 0.75)
# Tasks with a right passing answer, and with a wrong one, below which nothing is said about evidence.
LEAST_TASKS = 5
_RESAMPLES = 500
_TAIL = 2.5  # percent on each side


def _share(key: str, of: str) -> Callable[[Candidate], float]:
    """The measure of one number of a verification as a share of another; lists count as their lengths."""

    def measure(candidate: Candidate) -> float:
        part, whole = (candidate["verification"][name] or 0 for name in (key, of))
        return (len(part) if isinstance(part, list) else part) / (whole or 1)

    return measure


# What a passing answer may have more or less of, by name.
EVIDENCE: Mapping[str, Callable[[Candidate], float]] = {
    "agreement": lambda candidate: candidate["verification"]["agreement"],
    "others' tests passed": _share("agrees", "asked"),
    "own tests passed by others": _share("supports", "asked"),
    "samples that pass": lambda candidate: candidate["samples"]["passed"] / candidate["samples"]["n"],
    "mutants killed": _share("killed", "mutants"),
    "asserts": lambda candidate: candidate["verification"]["asserts"] or 0,
    "inputs": lambda candidate: candidate["verification"]["inputs"] or 0,
    "more than an argument or a constant": lambda candidate: not candidate["verification"]["behaviour"],
    "brevity": lambda candidate: -len(candidate["response"]["response"]),
}


def selected(answers: Answers, places: Mapping[str, Seed], project: Project) -> frozenset[str]:
    """The ids of the answers that a project's selection makes rows of."""
    selector = selector_of(project, places)
    return frozenset(fate.id for fate in selector.judge(answers.candidates) if not isinstance(fate.outcome, Rejection))


def figures(answers: Answers, rows: Collection[str]) -> dict[str, Any]:
    """The numbers and shares of right answers; `rows` are the ids of the selected ones."""
    agreed = {
        one["id"] for one in answers.candidates if one["verdict"]["passed"] and one["verification"]["agreement"] > 0
    }
    answerable = {instruction_of(id) for id in answers.right}
    answered = {instruction_of(id) for id in rows}
    kinds = {"in_form": answers.in_form, "passing": answers.passing, "agreed": agreed, "selected": rows}
    right = len(answers.right.intersection(rows))
    return {
        "tasks": len(answers.tasks),
        "completions": answers.completions,
        **{key: value for name, ids in kinds.items() for key, value in _counted(name, ids, answers).items()},
        "answerable": len(answerable),
        "answerable_selected": len(answerable & answered),
        "tokens_per_right_row": round(answers.new_tokens / right) if right else None,
        "shares": {name: asdict(_right(ids, answers)) for name, ids in kinds.items()},
    }


def _counted(name: str, ids: Collection[str], answers: Answers) -> dict[str, int]:
    return {name: len(ids), f"right_{name}": len(answers.right.intersection(ids))}


def _right(ids: Collection[str], answers: Answers) -> Estimate:
    """The share of right ones among answers."""
    right = len(answers.right.intersection(ids))
    return wilson(right / max(len(ids), 1), len({instruction_of(id) for id in ids}))


Measures = Mapping[str, Callable[[Candidate], float]]


def evidence(answers: Answers, measures: Measures = EVIDENCE) -> dict[str, dict[str, float]]:
    """How well each kind of evidence separates right from wrong among the passing answers that were verified.

    By name: `mean`, the chance that a right answer has more of it than a wrong one, with the interval of a
    bootstrap over tasks. Empty where fewer than `LEAST_TASKS` tasks have a right one, or a wrong one.
    """
    passing = [one for one in answers.candidates if one["verdict"]["passed"]]
    by_task: dict[str, list[Candidate]] = {}
    for one in passing:
        by_task.setdefault(instruction_of(one["id"]), []).append(one)
    found = {}
    for name, measure in measures.items():
        groups = [
            ([measure(one) for one in group if one["id"] in answers.right],
             [measure(one) for one in group if one["id"] not in answers.right])
            for group in by_task.values()
        ]  # fmt: skip
        if (estimate := _separated(groups)) is not None:
            found[name] = asdict(estimate)
    return found


def _separated(groups: list[tuple[list[float], list[float]]]) -> Estimate | None:
    mean = _separation(groups)
    of_each_kind = (sum(bool(group[kind]) for group in groups) for kind in (0, 1))
    if mean is None or min(of_each_kind) < LEAST_TASKS:
        return None
    random = np.random.default_rng(0)
    draws = (
        _separation([groups[number] for number in random.integers(len(groups), size=len(groups))])
        for _ in range(_RESAMPLES)
    )
    low, high = np.percentile([draw for draw in draws if draw is not None], [_TAIL, 100 - _TAIL])
    return Estimate(round(mean, 4), round(float(low), 4), round(float(high), 4))


def _separation(groups: Sequence[tuple[list[float], list[float]]]) -> float | None:
    right = [value for group, _ in groups for value in group]
    wrong = [value for _, group in groups for value in group]
    return separation(right, wrong) if right and wrong else None


def calibrate(project: Project, packs: Sequence[Pack], tasks: int, log: Log) -> dict[str, Any]:
    """Measure the trust in the project's rows on the first tasks of packs in order of hash, and store it.

    At least `tasks` of them are taken, as far as there are so many; what was answered before is not answered again.
    """
    key = hashlib.sha256("\0".join(sorted(pack.revision for pack in packs)).encode()).hexdigest()[:12]
    folder = calibration.folder(project.artifacts)
    hidden = HiddenTests(project, folder / key, (task for pack in packs for task in pack.tasks))
    shards = hidden.shards[: math.ceil(tasks / TASKS_A_SHARD)]
    for shard in shards:
        if not hidden.is_answered(shard):
            hidden.answer(shard)
        done, wanted = (min(count * TASKS_A_SHARD, hidden.tasks) for count in (shard + 1, len(shards)))
        log(f"{done} of {wanted} tasks")
    answers = hidden.read(shards)
    document = {
        "date": time.strftime("%Y-%m-%d"),
        "model": hidden.project.backend("responses").model.provenance,
        "packs": [{"name": pack.name, "sha256": pack.revision, "tasks": len(pack.tasks)} for pack in packs],
        "samples": project.settings.responses.samples,
        "figures": figures(answers, selected(answers, hidden.places(), hidden.project)),
        "by_min_agreement": [
            _demanding(answers, hidden, least) for least in DEMANDED if least <= most_agreement(project.settings)
        ],
        "evidence": evidence(answers),
    }
    document["verdict"] = verdict(document)
    calibration.write(project.artifacts, trust.conditions(project), document)
    return document


def _demanding(answers: Answers, hidden: HiddenTests, least: float) -> dict[str, Any]:
    """What the same selection would choose under a value of `[selection] min_agreement`."""
    project = hidden.project.variant({("selection", "min_agreement"): least})
    found = figures(answers, selected(answers, hidden.places(), project))
    return {
        "min_agreement": least,
        **{key: found[key] for key in ("selected", "right_selected", "answerable_selected")},
        "share": found["shares"]["selected"],
    }


def verdict(document: Mapping[str, Any]) -> str:
    """What the evidence is worth, in a sentence or two."""
    figures, found, shares = document["figures"], document["evidence"], document["figures"]["shares"]
    passing, right = figures["passing"], figures["right_passing"]
    if not passing:
        return "No answer passes its own tests: there is nothing to choose from."
    if carrying := [name for name, estimate in found.items() if estimate["low"] > 0.5]:
        return f"What separates right from wrong among passing answers: {', '.join(carrying)}."
    if not found and 2 * right > passing:
        return f"{right} of {passing} passing answers are right: too few are wrong to tell which evidence shows it."
    said = f"No evidence separates right from wrong: of {passing} answers that pass their own tests {right} are right"
    if shares["passing"]["low"] <= shares["in_form"]["mean"]:
        return f"{said}, and of all in form no fewer as far as can be told: passing shows nothing either."
    return f"{said}, and nothing else tells which."
