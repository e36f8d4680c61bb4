"""After decontamination, where `[ratings] enabled`: the base model rates each response that passed, from 0 to 3.

It gives no text, but how likely each number is as its next word, in the mean over two orders of the examples. In: a
shard of decontamination, with responses, instructions and verdicts. Out: records {id, rating, expected}, null where
the response did not pass or does not fit the window: no row is lost for want of a rating. `[selection] choose =
curated` corrects the ratings and goes by them. Rejected: crash, error.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Set
from typing import Any, ClassVar

from pipeline.engine import Scores
from pipeline.errors import ConfigError
from pipeline.prompts import rating
from pipeline.records import Rating, Rules
from pipeline.stages.decontamination import Decontamination
from pipeline.stages.generation import COMPLETION_RULES
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.unanswered import Unanswered, rejection
from pipeline.stages.weighing import Both, Question, weighed


class Ratings(ShardTask):
    """A shard of the ratings stage."""

    stage, version = "ratings", 1
    follows = Decontamination
    rules: ClassVar[Rules] = {name: COMPLETION_RULES[name] for name in ("crash", "error")}

    def ingredients(self) -> dict[str, Any]:
        self.project.require_scores("set [ratings] enabled = false")
        model = self.project.model
        return {
            "model": model.identity,
            "cache": model.cache_types(self.project.settings.engine),
            "prompt_sha256": hashlib.sha256("".join(rating.contexts()).encode()).hexdigest(),
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        passed = {record["id"] for record in self.records_of("executions") if record["passed"]}
        instructions = {record["id"]: record["instruction"] for record in self.input_paths("instructions").read()}
        questions: list[Question] = []
        for record in self.kept_of("responses"):
            if record["id"] in done:
                continue
            if record["id"] in passed:
                tail = rating.tail(instructions[record["instruction_id"]], record["response"])
                questions.append((record["id"], rating.contexts(), tail))
            else:
                yield Outcome(record["id"], _unrated(record["id"]))
        if not questions:
            return
        base = self.project.base
        self.reporter.say_once(f"loading {base.model.name} ({base.place})")
        unanswered = Unanswered(self.project.settings.engine)
        for id, found in weighed(base.engine, questions, rating.OPTIONS):
            if not isinstance(found, Scores):
                yield Outcome(id, rated(id, found))
            elif found.reason == "window":
                yield Outcome(id, _unrated(id))
            elif not unanswered.holds(found):
                yield Outcome(id, rejection(found, found.detail))
        unanswered.end()


def rated(id: str, both: Both) -> Rating:
    """The rating by the mean of the probabilities in both orders; null where a server lists none of the numbers."""
    shares = [_shares(scores.logprobs) for scores in both]
    mean = [sum(pair) / 2 for pair in zip(*shares, strict=True)]
    if not sum(mean):
        return _unrated(id)
    expected = sum(number * share for number, share in enumerate(mean)) / sum(mean)
    return {"id": id, "rating": mean.index(max(mean)), "expected": round(expected, 4)}


def _shares(logprobs: tuple[float, ...]) -> list[float]:
    """The probabilities among the options; all 0 where none has one."""
    powers = [math.exp(logprob - max(logprobs)) if logprob > -math.inf else 0.0 for logprob in logprobs]
    return [power / sum(powers) for power in powers] if any(powers) else powers


def _unrated(id: str) -> Rating:
    return {"id": id, "rating": None, "expected": None}


def require_rated(choose: str, enabled: bool) -> None:
    """Raise ConfigError where the selection goes by ratings and there are none."""
    if choose == "curated" and not enabled:
        raise ConfigError("[selection] choose = curated: no row is rated", "set [ratings] enabled = true")
