"""Yes and No by their log-probabilities, and the prompt that asks for them."""

from __future__ import annotations

import math
import re

import pytest

from pipeline import demo
from pipeline.errors import ConfigError
from pipeline.prompts import render
from pipeline.prompts.exemplars import load_set
from pipeline.stages.judgements import judges, share_of_yes
from tests.support.pinned import EXEMPLARS, PinnedProject, settings


@pytest.mark.parametrize(
    ("yes", "no", "share"),
    [
        (math.log(0.6), math.log(0.2), 0.75),
        (-1.0, -1.0, 0.5),
        (-math.inf, -math.inf, 0.0),
        (-2000.0, -1.0, 0.0),
        (-1.0, -math.inf, 1.0),
        (-math.inf, -1.0, 0.0),
    ],
)
def test_the_share_of_yes_is_among_yes_and_no_alone(yes, no, share):
    assert share_of_yes(yes, no) == pytest.approx(share)


def test_the_standard_set_judges_with_as_many_yes_as_no_and_ends_where_the_answer_begins():
    answers = [judged.documented for judged in EXEMPLARS.judged]
    assert len(answers) >= 7
    assert answers.count(True) == answers.count(False)
    for context in render.judgements_contexts(EXEMPLARS):
        prompt = context + render.judgements_tail("def f(x):\n    pass\n")
        assert prompt.endswith("\n### Documented\n")
        assert prompt.count("### Documented\nYes\n") == prompt.count("### Documented\nNo\n") == len(answers) // 2


def test_the_second_context_shows_the_same_examples_in_the_other_order():
    orders = [re.findall(r"def (\w+)", context) for context in render.judgements_contexts(EXEMPLARS)]
    assert orders[0] == orders[1][::-1]


def test_the_judge_is_on_with_the_standard_set_and_can_be_switched_off():
    assert judges(PinnedProject(settings()))
    assert not judges(PinnedProject(settings(judgements__judge="off")))
    without = load_set(demo.EXEMPLARS)
    with pytest.raises(ConfigError, match="judge = on"):
        judges(PinnedProject(settings(judgements__judge="on"), exemplars=without))
