"""Agreement: what other samples say of a response, one way and both ways, smoothed by their number."""

import pytest

from pipeline.verification.agreement import agreement


def of(agrees: int, supports: int, asked: int) -> float:
    names = [str(number) for number in range(asked)]
    return agreement({"agrees": names[:agrees], "supports": names[:supports], "asked": asked})


@pytest.mark.parametrize(("others", "expected"), [(0, 0.0), (1, 0.5), (3, 0.75), (9, 0.9)])
def test_the_more_samples_all_agree_the_more_it_is(others, expected):
    assert of(others, others, others) == expected


def test_agreement_both_ways_is_more_than_one_way():
    assert of(3, 3, 3) > of(3, 2, 3) > of(3, 0, 3) > of(2, 0, 3) > 0


def test_support_of_samples_whose_tests_it_fails_counts_nothing():
    assert agreement({"agrees": ["a"], "supports": ["b", "c"], "asked": 3}) == of(1, 0, 3)
