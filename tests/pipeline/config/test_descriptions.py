"""The comments of luigi.cfg describe every key, for the help of the command line."""

from __future__ import annotations

import pytest

from pipeline.config import SECTIONS
from pipeline.config.descriptions import descriptions, read


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_key_has_a_sentence(section):
    for key, _ in section.get_params():
        assert descriptions().keys[section.__name__, key], key


def test_a_comment_is_of_the_keys_below_it_up_to_the_next_comment_or_blank_line():
    found = read("# About a.\n[a]\n# One\n# and two.\nx = 1\ny = 2\n# Three.\nz =\n\nu = 4\n[b]\nv = 5\n")
    assert found.sections == {"a": "About a.", "b": ""}
    assert found.keys == {
        ("a", "x"): "One and two.", ("a", "y"): "One and two.", ("a", "z"): "Three.", ("a", "u"): "", ("b", "v"): "",
    }  # fmt: skip
