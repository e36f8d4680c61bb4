"""Questions to which a model answers with one of a few words: how likely each is, in two orders of the examples.

A model tends to the answers that it was shown last: over both orders that tendency evens out. In: questions with their
contexts. Out: the scores of both, or those that failed. What stages make of them is theirs (judgements.py, ratings.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.engine import Choice, Engine, Scores

Question = tuple[str, tuple[str, str], str]  # an id, the contexts in both orders, the tail
Both = tuple[Scores, Scores]


def weighed(
    engine: Engine, questions: Iterable[Question], options: tuple[str, ...]
) -> Iterator[tuple[str, Both | Scores]]:
    """Both scores of each question, by its id; where one has failed, that one alone."""
    first: dict[str, Scores] = {}
    choices = (Choice(id, context, tail, options) for id, contexts, tail in questions for context in contexts)
    for scores in engine.score(choices):
        other = first.pop(scores.id, None)
        if other is None:
            first[scores.id] = scores
            continue
        failed = next((each for each in (other, scores) if not each.logprobs), None)
        yield scores.id, (other, scores) if failed is None else failed
