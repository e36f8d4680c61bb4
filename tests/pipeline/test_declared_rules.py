"""Every rule under which seeds, completions and rows are rejected is declared with a sentence, and documented."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from pipeline.decontamination import decontaminator
from pipeline.prompts import parse
from pipeline.records import Rules
from pipeline.seeds.rules import SEED_RULES
from pipeline.sources import SOURCES

PACKAGE = Path(pipeline.__file__).parent
PARSED: Rules = {name: drops for rules in parse.RULES.values() for name, drops in rules.items()}
DECLARED: dict[str, Rules] = {
    "seeds": SEED_RULES,
    "sources": SEED_RULES,
    "prompts": PARSED,
    "decontamination": decontaminator.RULES,
}


def rules_named_in(room: str) -> Iterator[str]:
    """The rule of every `Rejection("rule", ...)` in the sources of a room."""
    for path in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Rejection"), args=[ast.Constant(value=rule), *_]):
                    yield rule


@pytest.mark.parametrize("room", DECLARED)
def test_every_rejection_names_a_declared_rule(room):
    assert set(rules_named_in(room)) <= set(DECLARED[room])


def test_the_walk_finds_rejections():
    assert {"unreadable", "merge_commit", "other_language"} <= set(rules_named_in("sources"))
    assert {"licence_not_allowed", "near_duplicate", "not_utf8"} <= set(rules_named_in("seeds"))
    assert {"empty", "no_assert"} <= set(rules_named_in("prompts"))


@pytest.mark.parametrize("rules", [*parse.RULES.values(), SEED_RULES, decontaminator.RULES])
def test_each_rule_has_one_plain_sentence(rules):
    for name, drops in rules.items():
        assert drops[0].isupper() and drops.endswith(".") and "\n" not in drops, name


def test_a_rule_that_several_sources_declare_has_the_same_sentence_in_each():
    for source in SOURCES:
        assert {name: SEED_RULES[name] for name in source.rules} == source.rules


def test_the_seeds_page_documents_every_rule():
    page = (PACKAGE.parent / "docs" / "seeds.md").read_text(encoding="utf-8")
    assert [rule for rule in SEED_RULES if f"`{rule}`" not in page] == []
