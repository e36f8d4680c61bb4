"""Groups tasks that are copies or variants of one problem, so that none counts as several when rarity is measured.

Benchmarks come in several files (HumanEval and HumanEval+, MBPP whole and sanitized) and in variants (EvoEval). What
only one problem has is rare, in however many files it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.decontamination.vocabulary import content_words
from pipeline.packs.layouts import Task
from pipeline.text.normalise import without_examples

# Least Jaccard index of the words of two statements, and that of statements whose functions have the same name.
_SAME = 0.75
_SAME_NAMED = 0.3


def families(tasks: Sequence[Task]) -> list[int]:
    """For each task the number of the first task of its family."""
    words = [frozenset(content_words(without_examples(task.texts[0]))) for task in tasks]
    by_word: dict[str, list[int]] = {}
    by_name: dict[str, int] = {}
    found: list[int] = []
    for number, (task, own) in enumerate(zip(tasks, words, strict=True)):
        shared = Counter(other for word in own for other in by_word.get(word, ()))
        named = by_name.setdefault(task.entry_point, number) if task.entry_point else number
        family = number
        for other, count in [(named, len(own & words[named])), *shared.most_common(1)]:
            least = _SAME_NAMED if other == named else _SAME
            if other < number and count >= least * len(own | words[other]):
                family = found[other]
                break
        found.append(family)
        if family == number:  # later members are found by the first
            for word in own:
                by_word.setdefault(word, []).append(number)
    return found
