"""The configuration as a whole: the shipped file documents every key, and nothing else is accepted."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from pipeline import config
from pipeline.config import sections
from pipeline.config.settings import require_evidence, require_possible_agreement
from pipeline.errors import ConfigError
from pipeline.text.lists import as_list
from tests.support.pinned import settings

ROOT = Path(__file__).parents[3]


def shipped() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "luigi.cfg")
    return parser


def test_the_shipped_file_has_every_section_and_key_and_no_other():
    documented = {name: set(shipped().options(name)) for name in shipped().sections()}
    existing = {section.__name__: {key for key, _ in section.get_params()} for section in config.SECTIONS}
    assert documented == existing


@pytest.mark.parametrize("section", config.SECTIONS, ids=lambda section: section.__name__)
def test_the_shipped_values_are_the_defaults(section):
    parser = shipped()
    for key, parameter in section.get_params():
        written = parser.get(section.__name__, key)
        assert parameter.parse(written) == parameter.normalize(parameter._default), key


def test_lists_are_split_at_lines_and_commas():
    assert as_list("a, b\nc,\n\n d ") == ["a", "b", "c", "d"]
    assert as_list("") == []


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({}, 0.75),
        ({"responses__samples": 1}, 0.0),
        ({"responses__samples": 30}, 8 / 9),  # max_others
        ({"responses__samples": "2..10"}, 0.5),  # no more than two may be drawn
        ({"verification__enabled": False}, 0.0),
    ],
)
def test_a_least_agreement_that_no_response_can_have_is_refused(changes, most):
    require_possible_agreement(settings(**changes, selection__min_agreement=most))
    with pytest.raises(ConfigError, match="min_agreement"):
        require_possible_agreement(settings(**changes, selection__min_agreement=most + 0.01))


@pytest.mark.parametrize(("text", "value"), [("4", 4), ("2..10", "2..10"), (" 2 .. 10 ", "2..10")])
def test_samples_are_a_number_or_a_range(text, value):
    assert sections.Samples(default=4, high=1000).parse(text) == value


@pytest.mark.parametrize("text", ["10..2", "3..3", "2..", "..3", "2.5", "2...5", "1..2..3", "many"])
def test_samples_that_are_neither_are_refused(text):
    with pytest.raises(ValueError):
        sections.Samples(default=4, high=1000).parse(text)


@pytest.mark.parametrize("changes", [{"verification__enabled": False}, {"verification__max_others": 0}])
def test_a_range_of_samples_without_a_comparison_is_refused(changes):
    require_evidence(settings(responses__samples=4, **changes))
    with pytest.raises(ConfigError, match="compares none"):
        require_evidence(settings(responses__samples="2..10", **changes))
