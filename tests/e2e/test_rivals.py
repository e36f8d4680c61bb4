"""Rival ways to a dataset: each is a setting of the same stages."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.projects import Project

# Name of a function -> the message of the commit that adds it, and its file.
COMMITS = {
    "clip": (
        "Never return more than the limit",
        'def {name}(values, limit):\n    """Cut off what is above a limit."""\n'
        "    return [min(value, limit) for value in values]\n",
    ),
    "wrap": (
        "feat: Start again at zero after the end (#4)",
        'def {name}(number, end):\n    """The number on a clock that goes to `end`."""\n'
        "    rest = number % end\n    return rest\n",
    ),
    "half": (
        "wip: try halving",
        'def {name}(text):\n    """The first half of a text."""\n    return text[: len(text) // 2]\n',
    ),
}


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


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


def _are_of_two_seeds(project: Project, made: dict[str, dict[str, Any]]) -> None:
    """About half of the instructions have concepts of a partner, and their rows name both seeds."""
    own = project.records("concepts")
    mixed = {id: record["partner"] for id, record in made.items() if "partner" in record}
    assert 0 < len(mixed) < len(made)
    for id, partner in mixed.items():
        assert set(made[id]["concepts"]) <= {*own[id]["concepts"], *own[partner]["concepts"]}
    rows = {row["seed"]["id"]: row["partner"] for row in project.rows()}
    assert {id: partner and partner["id"] for id, partner in rows.items()} == {id: mixed.get(id) for id in rows}
    assert all(partner["licence"] == "PSF-2.0" for partner in rows.values() if partner)


def test_evolved_instructions_are_made_of_drafts_one_by_one(small: Project) -> None:
    code, output = small.run("--instructions-source", "evolved", "--instructions-mix", "0.5")
    assert code == 0, output
    evolved = instructions(small, recipes(small)["instructions"]["recipe"])
    drafts = small.records("drafts")
    assert evolved.keys() <= drafts.keys()
    funnel = small.manifest()["funnel"]
    assert list(funnel)[1:4] == ["concepts", "drafts", "instructions"]
    _are_of_two_seeds(small, evolved)
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


def test_instructions_are_made_from_commits_and_other_seeds_are_dropped_by_a_rule(
    project: Project,
) -> None:
    repository = project.root / "repo"
    git(project.root, "init", "-q", "-b", "main", "repo")
    for name, (message, body) in COMMITS.items():
        (repository / f"{name}.py").write_text(body.format(name=name))
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", message)
    (project.root / "code").mkdir()
    (project.root / "code" / "a.py").write_text(COMMITS["clip"][1].format(name="other"))
    project.configure(
        seeds={"sources": "commits:repo, code", "type_check": "false", "near_duplicates": "0"},
        instructions={"source": "commits"},
    )
    for task, options in (("Seeds", ()), ("Instructions", ("--shard", "0"))):
        code, output = project.run(*options, task=task)
        assert code == 0, output
    by_name = {seed["name"]: seed for seed in project.records("seeds").values()}
    assert {name: seed.get("message") for name, seed in by_name.items()} == {
        "clip": "Never return more than the limit",
        "wrap": "Start again at zero after the end",
        "other": None,
    }
    made = project.records("instructions")
    assert made.keys() == {by_name["clip"]["id"], by_name["wrap"]["id"]}
    [dropped] = project.rejected("instructions")
    assert (dropped["id"], dropped["rule"]) == (by_name["other"]["id"], "no_commit")
    assert {entry["rule"] for entry in project.rejected("seeds")} == {"message_unfinished"}
