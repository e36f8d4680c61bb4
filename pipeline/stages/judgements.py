"""Stage between seeds and concepts, where it is switched on: is a seed documented well enough to be written again?

The base model itself is the judge, few-shot: it gives no text, but how likely Yes and No are as its next word, in the
mean over two orders of the examples. In: a shard of seeds. Out: the records {id, yes} that reach the threshold, or the
share of the shard that it names; `yes` is the probability of Yes among Yes and No. A tie is a No.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Set
from typing import Any, ClassVar

from pipeline.config.sections import top_share
from pipeline.engine import Engine, Scores
from pipeline.errors import ConfigError
from pipeline.project.project import Project
from pipeline.prompts import render
from pipeline.prompts.exemplars import ExemplarSet
from pipeline.records import Rejection, Rules
from pipeline.stages.generation import COMPLETION_RULES, announce_exemplars
from pipeline.stages.seeds import SeedShard
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.unanswered import Unanswered, rejection
from pipeline.stages.weighing import Question, weighed


class Judgements(ShardTask):
    """A shard of the judgements stage."""

    stage, version = "judgements", 2
    follows = SeedShard
    rules: ClassVar[Rules] = {
        "not_documented": "The docstring is too poor to write the seed again: P(Yes) is not above the threshold, "
        "or not in its share.",
        **{name: COMPLETION_RULES[name] for name in ("window", "crash", "error")},
    }
    hints: ClassVar[Rules] = {
        "not_documented": "[judgements] threshold = top 60% takes the better ones whatever their level; "
        "judge = off takes all, for a model that cannot judge",
    }

    def ingredients(self) -> dict[str, Any]:
        settings, model = self.project.settings, self.project.model
        contexts = "".join(render.judgements_contexts(self.project.exemplars))
        return {
            "model": model.identity,
            "cache": model.cache_types(settings.engine),
            "prompt_sha256": hashlib.sha256(contexts.encode()).hexdigest(),
            "threshold": settings.judgements.threshold,
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        threshold = self.project.settings.judgements.threshold
        share = top_share(threshold)
        seeds = {seed["id"]: seed["code"] for seed in self.kept_of("seeds")}
        # A share is one of all seeds of the shard: those of an interrupted run are judged once more.
        pending = {id: code for id, code in seeds.items() if share is not None or id not in done}
        if pending.keys() <= done:
            return
        base = self.project.base
        announce_exemplars(self)
        self.reporter.say_once(f"loading {base.model.name} ({base.place})")
        unanswered = Unanswered(self.project.settings.engine)
        everything: dict[str, float] = {}
        for id, yes in judged(base.engine, _questions(self.project.exemplars, pending)):
            if isinstance(yes, Scores):
                if not unanswered.holds(yes) and id not in done:
                    yield Outcome(id, rejection(yes, yes.detail))
            elif share is None:
                yield Outcome(id, _above(id, yes, float(threshold)))
            else:
                everything[id] = yes
        unanswered.end()
        better = sorted((-yes, id) for id, yes in everything.items())
        kept = {id for _, id in better[: math.ceil((share or 0) * len(better))]}
        for id, yes in everything.items():
            if id in kept and id not in done:
                yield Outcome(id, {"id": id, "yes": yes})
            elif id not in done:
                yield Outcome(id, Rejection("not_documented", f"P(Yes) {yes} is not in the {threshold} of its shard"))


def _above(id: str, yes: float, threshold: float) -> dict[str, Any] | Rejection:
    if yes > threshold:
        return {"id": id, "yes": yes}
    return Rejection("not_documented", f"P(Yes) {yes} is not above {threshold}")


def _questions(exemplars: ExemplarSet, snippets: dict[str, str]) -> Iterator[Question]:
    contexts = render.judgements_contexts(exemplars)
    return ((id, contexts, render.judgements_tail(code)) for id, code in snippets.items())


def judged(engine: Engine, questions: Iterable[Question]) -> Iterator[tuple[str, float | Scores]]:
    """The probability of Yes, in the mean over the contexts of each question; or the scores that failed, by id.

    It is 0 where a server lists neither Yes nor No among the likeliest next words.
    """
    for id, found in weighed(engine, questions, (render.YES, render.NO)):
        if isinstance(found, Scores):
            yield id, found
        else:
            first, second = found
            yield id, round((share_of_yes(*first.logprobs) + share_of_yes(*second.logprobs)) / 2, 4)


def judges(project: Project) -> bool:
    """Whether the model judges seeds. Raises ConfigError when it should and exemplar set or server cannot."""
    judge, exemplars = project.settings.judgements.judge, project.exemplars
    if judge == "on" and not exemplars.judged:
        raise ConfigError(
            f"[judgements] judge = on, but the exemplar set {exemplars.name} has no folder judge",
            "add one like pipeline/prompts/standard/judge, or set it to auto",
        )
    if judge == "off" or not exemplars.judged:
        return False
    project.require_scores()
    return True


def share_of_yes(yes: float, no: float) -> float:
    """Probability of the first of two outcomes, from the logarithms of both; 0 where neither has a probability."""
    if max(yes, no) == -math.inf:
        return 0.0
    if yes == no:
        return 0.5
    return 1 / (1 + math.exp(min(no - yes, 700.0)))
