"""Rival ways to a dataset: each is a setting of the same stages."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.e2e.projects import Project


def recipes(project: Project) -> dict[str, dict[str, Any]]:
    """The recipes of the newest dataset by stage."""
    found = {}
    words = project.manifest()["recipes"]
    while words:
        found[words["stage"]] = words
        words = words["made_from"]
    return found


def instructions(project: Project, recipe: str) -> dict[str, dict[str, Any]]:
    folder = project.artifacts / "instructions" / recipe
    lines = b"".join(path.read_bytes() for path in sorted(folder.glob("shard-??????.jsonl")))
    return {record["id"]: record for record in map(orjson.loads, lines.splitlines())}


@pytest.fixture(scope="module")
def small(shared_project: Project) -> Project:
    """A finished dataset of a few seeds, its instructions made from concepts."""
    shared_project.configure(seeds={"stdlib_share": "0.04"})
    code, output = shared_project.run()
    assert code == 0, output
    return shared_project


def test_instructions_from_the_snippet_share_seeds_and_concepts_with_those_from_concepts(
    small: Project,
) -> None:
    project = small
    assert project.run()[0] == 0
    from_concepts = recipes(project)
    code, output = project.run("--instructions-source", "snippet")
    assert code == 0, output
    from_snippet = recipes(project)
    same = [stage for stage, words in from_concepts.items() if words == from_snippet[stage]]
    assert set(same) == {"seeds", "concepts"}
    before = instructions(project, from_concepts["instructions"]["recipe"])
    after = instructions(project, from_snippet["instructions"]["recipe"])
    assert set(before) & set(after)
    assert all(before[id]["concepts"] == after[id]["concepts"] for id in set(before) & set(after))
    texts = [{record["instruction"] for record in side.values()} for side in (before, after)]
    assert not texts[0] & texts[1]
    assert project.rows()


def test_evolved_instructions_are_made_of_drafts_one_by_one(small: Project) -> None:
    code, output = small.run("--instructions-source", "evolved")
    assert code == 0, output
    evolved = instructions(small, recipes(small)["instructions"]["recipe"])
    drafts = small.records("drafts")
    assert evolved.keys() <= drafts.keys()
    funnel = small.manifest()["funnel"]
    assert list(funnel)[1:4] == ["concepts", "drafts", "instructions"]
    assert funnel["instructions"]["in"] == funnel["drafts"]["kept"]
    for id, record in evolved.items():
        assert record["instruction"] != drafts[id]["instruction"]
        assert record["concepts"] == drafts[id]["concepts"]
    assert small.rows()


def test_a_row_is_explained_through_its_draft(small: Project) -> None:
    assert small.run("--instructions-source", "evolved")[0] == 0
    parser_file = small.root / "luigi.cfg"
    parser_file.write_text(parser_file.read_text() + "[instructions]\nsource = evolved\n")
    row = small.rows()[0]
    code, output = small.ask("explain", row["id"], "--json")
    assert code == 0, output
    events = {event["stage"]: event for event in orjson.loads(output)["events"]}
    draft = events["drafts"]["record"]["instruction"]
    assert events["instructions"]["prompt"]["tail"].startswith(f"### Instruction\n{draft}\n")
    assert small.ask("verify")[0] == 0
    assert small.ask("why")[0] == 0
