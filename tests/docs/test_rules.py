"""Every rule is declared by a stage, has its sentence on one page, and is explained by a command."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pipeline.operations import rules
from pipeline.operations.rules import uses
from pipeline.project.project import Project
from pipeline.seeds.scan import STAGE as SEEDS
from tests.support.pinned import settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "rules.md").read_text()


def declared() -> dict[str, dict[str, str]]:
    """The rules of our own stages: tests define others."""
    ours = {stage.stage for stage in rules.stages() if stage.__module__.startswith("pipeline.")}
    return {stage: dict(names) for stage, names in rules.declared().items() if stage in ours | {SEEDS}}


def on_the_page() -> dict[str, dict[str, str]]:
    """The rules of the page's tables, by stage."""
    return {
        stage: dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE))
        for stage, table in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    }


def named_in_the_code() -> dict[str, str]:
    """Each rule that is named where a `Rejection` is made, with the place."""
    names = {}
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="Rejection"), args=[ast.Constant(value=rule), *_]):
                    names[rule] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return names


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without artifacts."""
    return Project(settings(), tmp_path)


def test_the_page_has_the_rules_of_every_stage_and_their_sentences():
    assert on_the_page() == declared()


def test_every_rule_that_the_code_names_is_declared_by_a_stage():
    everywhere = {rule for names in declared().values() for rule in names}
    named = named_in_the_code()
    assert len(named) > 40
    assert {rule: place for rule, place in named.items() if rule not in everywhere} == {}


@pytest.mark.parametrize("stage", declared())
def test_a_rule_has_one_sentence(stage, project):
    for rule, sentence in declared()[stage].items():
        assert re.fullmatch(r"[A-Z].*\.", sentence), rule
        assert [use.drops for use in uses(rule, project) if use.stage == stage] == [sentence]


def test_a_name_that_is_no_rule_has_no_use(project):
    assert uses("1512836f6921ca0c", project) == []
