"""Stage between seeds and concepts, where it is switched on: is a seed documented well enough to be written anew?

The base model is asked itself, few-shot, and answers with how likely Yes and No are as its next word, not with
text. In: a shard of seeds. Out: the records {id, yes} that reach the threshold; `yes` is the probability of Yes
where only Yes and No count. A tie is a No.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress

import luigi

from pipeline.engine import Answer, Question
from pipeline.project import session
from pipeline.prompts import render
from pipeline.stages.base import ShardTask
from pipeline.stages.seeds import SeedShard
from targets import Finished, ShardWriter


class Judgements(ShardTask):
    """A shard of the judgements stage."""

    stage = "judgements"

    def requires(self) -> luigi.Task:
        return self.clone(SeedShard)

    def run(self) -> None:
        run = session.current()
        seeds = {seed["id"]: seed["code"] for seed in self.input_paths("seeds").read()}
        context = render.judgements_context(run.exemplars)
        began = time.monotonic()
        with suppress(Finished), self.open_writer() as writer:
            questions = [
                Question(seed, context, render.judgements_tail(code), (render.YES, render.NO))
                for seed, code in seeds.items()
                if seed not in writer.done
            ]
            with run.reporter.stage(
                self.stage, len(seeds), self.shard, resumed=writer.resumed
            ) as ticker:
                for answer in run.engine.weigh(questions) if questions else ():
                    ticker.advance(self._settle(writer, answer))
            seconds = round(time.monotonic() - began, 3)
            writer.publish({"seconds": seconds, "resumed": writer.resumed})

    def _settle(self, writer: ShardWriter, answer: Answer) -> bool:
        """Journal the outcome; return whether the seed is kept."""
        if not answer.logprobs:
            writer.reject(answer.id, answer.reason, answer.detail)
            return False
        threshold = session.current().settings.judgements.threshold
        yes = round(share_of_yes(*answer.logprobs), 4)
        if yes > threshold:
            writer.keep(answer.id, {"id": answer.id, "yes": yes})
        else:
            writer.reject(answer.id, "not_documented", f"P(Yes) {yes} is not above {threshold}")
        return yes > threshold


def share_of_yes(yes: float, no: float) -> float:
    """Probability of the first of two outcomes, from the logarithms of both; equal ones give 0.5."""
    if yes == no:
        return 0.5
    return 1 / (1 + math.exp(min(no - yes, 700.0)))
