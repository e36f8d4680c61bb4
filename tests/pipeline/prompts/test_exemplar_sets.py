"""Reading an exemplar set: what may be left out, and what must not."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import orjson
import pytest

from pipeline import demo
from pipeline.errors import ConfigError
from pipeline.prompts import SHORT, STANDARD, WITH_LIBRARIES
from pipeline.prompts.exemplars import load_set
from pipeline.prompts.parse import parse_instruction
from pipeline.sources import commit_messages

SHIPPED = [STANDARD, SHORT, WITH_LIBRARIES, demo.EXEMPLARS]
each_shipped = pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)


@each_shipped
def test_a_shipped_set_shows_enough_of_every_source_of_instructions(folder: Path) -> None:
    shipped = load_set(folder)
    for form in ("instructions", "inspired", "evolved", "committed"):
        assert len(shipped.of(form)) >= shipped.shots["instructions"]
        assert shipped.intro[form]


@each_shipped
def test_a_shipped_set_shows_enough_repairs(folder: Path) -> None:
    shipped = load_set(folder)
    assert len(shipped.of("repairs")) >= shipped.shots["repairs"] > 1
    assert shipped.intro["repairs"]


@each_shipped
def test_a_draft_is_an_instruction_shorter_than_what_evolved_from_it(folder: Path) -> None:
    for exemplar in load_set(folder).of("evolved"):
        assert parse_instruction(exemplar.draft) == exemplar.draft
        assert len(exemplar.draft.split()) < len(exemplar.instruction.split()), exemplar.name


@each_shipped
def test_a_commit_of_a_set_is_one_that_the_rules_let_through(folder: Path) -> None:
    for exemplar in load_set(folder).committed:
        assert commit_messages.rejected(exemplar.message) is None, exemplar.name
        assert commit_messages.cleaned(exemplar.message) == exemplar.message
        assert parse_instruction(exemplar.instruction) == exemplar.instruction
        assert len(exemplar.instruction.split()) <= 120
        ast.parse(exemplar.snippet)


def test_a_set_needs_introductions_for_the_three_stages_alone(tmp_path: Path) -> None:
    mine = Path(shutil.copytree(demo.EXEMPLARS, tmp_path / "mine"))
    meta = orjson.loads((mine / "set.json").read_bytes())
    del meta["intro"]["evolved"], meta["intro"]["inspired"], meta["intro"]["committed"], meta["intro"]["repairs"]
    (mine / "set.json").write_bytes(orjson.dumps(meta))
    assert load_set(mine).intro.keys() == {"concepts", "instructions", "responses"}
    del meta["intro"]["responses"]
    (mine / "set.json").write_bytes(orjson.dumps(meta))
    with pytest.raises(ConfigError, match="responses"):
        load_set(mine)


def test_a_misplaced_section_is_refused_with_the_order_that_is_wanted(tmp_path: Path) -> None:
    mine = Path(shutil.copytree(demo.EXEMPLARS, tmp_path / "mine"))
    file = mine / "02-value-of.md"
    file.write_text(file.read_text().replace("### Instruction\n", "### Task\n"))
    with pytest.raises(ConfigError, match=r"Task") as error:
        load_set(mine)
    assert "Draft (optional), Instruction" in error.value.remedy


def test_a_set_has_the_exemplars_and_values_of_the_set_that_it_extends(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    base = load_set(STANDARD)
    (mine / "set.json").write_bytes(
        orjson.dumps({"name": "mine", "extends": str(STANDARD), "shots": {**base.shots, "concepts": 2}})
    )
    shutil.copy(STANDARD / "01-first-overload.md", mine / "00-mine.md")
    extended = load_set(mine)
    assert [item.name for item in extended.exemplars] == ["00-mine", *(item.name for item in base.exemplars)]
    assert (extended.judged, extended.committed, extended.intro, extended.end) == (
        base.judged,
        base.committed,
        base.intro,
        base.end,
    )
    assert extended.shots["concepts"] == 2
    (mine / "set.json").write_bytes(orjson.dumps({"name": "mine", "extends": "."}))
    with pytest.raises(ConfigError, match="extends itself"):
        load_set(mine)


@pytest.mark.parametrize(
    "order", [["category"], ["category", "language", "concepts", "difficulty", "seed"], "concepts"]
)
def test_an_order_of_properties_names_each_once(tmp_path: Path, order: object) -> None:
    mine = Path(shutil.copytree(demo.EXEMPLARS, tmp_path / "mine"))
    meta = orjson.loads((mine / "set.json").read_bytes())
    (mine / "set.json").write_bytes(orjson.dumps({**meta, "order": order}))
    with pytest.raises(ConfigError, match="order"):
        load_set(mine)
