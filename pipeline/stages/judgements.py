"""Stage between seeds and concepts, where it is switched on: is a seed documented well enough to be written again?

The base model itself is the judge, few-shot: it gives no text, but how likely Yes and No are as its next word. In: a
shard of seeds. Out: the records {id, yes} that reach the threshold; `yes` is the probability of Yes among Yes and
No. A tie is a No.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Set
from typing import Any, ClassVar

from pipeline.engine import Choice, Scores
from pipeline.errors import ConfigError
from pipeline.project.project import Project
from pipeline.prompts import render
from pipeline.records import Rejection, Rules
from pipeline.stages.generation import COMPLETION_RULES
from pipeline.stages.seeds import SeedShard
from pipeline.stages.stage import Outcome, Outcomes, ShardTask


class Judgements(ShardTask):
    """A shard of the judgements stage."""

    stage, version = "judgements", 1
    follows = SeedShard
    rules: ClassVar[Rules] = {
        "not_documented": "The docstring is too poor to write the seed again: P(Yes) is not above the threshold.",
        **{name: COMPLETION_RULES[name] for name in ("window", "crash", "error")},
    }

    def ingredients(self) -> dict[str, Any]:
        settings, model = self.project.settings, self.project.model
        context = render.judgements_context(self.project.exemplars)
        return {
            "model": model.identity,
            "cache": model.cache_types(settings.engine),
            "prompt_sha256": hashlib.sha256(context.encode()).hexdigest(),
            "threshold": settings.judgements.threshold,
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        context = render.judgements_context(self.project.exemplars)
        choices = [
            Choice(
                seed["id"],
                context,
                render.judgements_tail(seed["code"]),
                (render.YES, render.NO),
            )
            for seed in self.kept_of("seeds")
            if seed["id"] not in done
        ]
        if not choices:
            return
        base = self.project.base
        self.reporter.say_once(f"loading {base.model.name} ({base.place})")
        for scores in base.engine.score(choices):
            yield Outcome(scores.id, self._judged(scores))

    def _judged(self, scores: Scores) -> dict[str, Any] | Rejection:
        if not scores.logprobs:
            return Rejection(scores.reason, scores.detail)
        threshold = self.project.settings.judgements.threshold
        yes = round(share_of_yes(*scores.logprobs), 4)
        if yes > threshold:
            return {"id": scores.id, "yes": yes}
        return Rejection("not_documented", f"P(Yes) {yes} is not above {threshold}")


def judges(project: Project) -> bool:
    """Whether the model judges seeds. Raises ConfigError when it should and the exemplar set cannot."""
    judge, exemplars = project.settings.judgements.judge, project.exemplars
    if judge == "on" and not exemplars.judged:
        raise ConfigError(
            f"[judgements] judge = on, but the exemplar set {exemplars.name} has no folder judge",
            "add one like pipeline/prompts/standard/judge, or set it to auto",
        )
    return judge != "off" and bool(exemplars.judged)


def share_of_yes(yes: float, no: float) -> float:
    """Probability of the first of two outcomes, from the logarithms of both; equal ones give 0.5."""
    if yes == no:
        return 0.5
    return 1 / (1 + math.exp(min(no - yes, 700.0)))
