"""Dual execution agreement: the largest group that passes most tests wins."""

from pipeline.verification.agreement import agreement


def test_all_that_pass_all_agree_fully():
    verified = {
        "a": {"agrees": ["b", "c"], "asked": 2},
        "b": {"agrees": ["a", "c"], "asked": 2},
        "c": {"agrees": ["a", "b"], "asked": 2},
    }
    assert agreement(verified) == {"a": 1.0, "b": 1.0, "c": 1.0}


def test_a_pair_that_agrees_beats_one_that_is_alone():
    verified = {
        "a": {"agrees": ["b"], "asked": 2},
        "b": {"agrees": ["a"], "asked": 2},
        "c": {"agrees": [], "asked": 2},
    }
    found = agreement(verified)
    assert found["a"] == found["b"] > found["c"] > 0


def test_unverified_responses_have_the_same_score():
    assert agreement({"a": {"agrees": [], "asked": 0}, "b": {"agrees": [], "asked": 0}}) == {
        "a": 0.5, "b": 0.5,
    }  # fmt: skip
