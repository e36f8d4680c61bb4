"""Fragments: which lines they are follows from the text alone, and rules over any text hold for them."""

from __future__ import annotations

import itertools
import statistics
import string
import textwrap
from pathlib import Path

import pytest

from pipeline.seeds.fragments import EVERY, MOST_LINES, Fragment, fragments, rejected

TEXT = "".join(Path(module.__file__).read_text() for module in (statistics, string, textwrap))


def test_a_fragment_is_the_lines_that_it_names_without_their_common_indentation():
    lines = [line.rstrip() for line in TEXT.split("\n")]
    found = list(fragments(TEXT))
    assert len(found) > 20
    for fragment in found:
        own = lines[fragment.first_line - 1 : fragment.last_line]
        assert fragment.code == textwrap.dedent("\n".join(own)) + "\n"
        assert own[0] and own[-1] and len(own) <= MOST_LINES
    assert {len(fragment.code.split("\n")) for fragment in found} >= {2, MOST_LINES + 1}
    assert all(one.last_line < other.first_line for one, other in itertools.pairwise(found))


def test_about_one_line_in_forty_begins_a_fragment():
    lines = sum(bool(line.strip()) for line in TEXT.split("\n"))
    assert lines / EVERY / 1.6 < len(list(fragments(TEXT))) < lines / EVERY * 1.6


def test_an_edit_changes_only_the_fragments_near_it():
    before = [fragment.code for fragment in fragments(TEXT)]
    lines = TEXT.split("\n")
    after = [fragment.code for fragment in fragments("\n".join(["# new", *lines[:300], "edited = 1", *lines[301:]]))]
    assert len(set(before) - set(after)) <= 2


def test_text_that_is_no_python_has_fragments_and_an_empty_file_none():
    assert list(fragments("\n".join(f"no python ( {number}" for number in range(400))))
    assert not list(fragments("\n" * 400))


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("x" * 300 + "\n", "too_long"),
        ("### Instruction\nx = 1\n", "prompt_structure"),
        ("key = 'ghp_aBcD1234eFgH5678iJkL9012mNoP3456qRsT'\n", "secret"),
        ("    return total )\n", None),
    ],
)
def test_only_rules_that_concern_any_text_reject_a_fragment(code, rule):
    rejection = rejected(Fragment(1, code.count("\n"), code))
    assert (rejection and rejection.rule) == rule
