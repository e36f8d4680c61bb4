"""Rival ways to a dataset: each is a setting of the same stages."""

from __future__ import annotations

from typing import Any

import orjson

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


def test_instructions_from_the_snippet_share_seeds_and_concepts_with_those_from_concepts(
    project: Project,
) -> None:
    project.configure(seeds={"stdlib_share": "0.04"})
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
