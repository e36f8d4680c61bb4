"""A number of rows as the goal, and a budget: what is taken, in which order, and what an interruption changes."""

from __future__ import annotations

import orjson
import pytest

from targets import ShardPaths
from tests.support.projects import Project, kill_tree
from tests.support.scans import function

WORDS = "red green blue yellow orange purple brown grey black white"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Twelve seeds, two in a shard."""
    made = Project(tmp_path_factory.mktemp("rows"))
    (made.root / "code").mkdir()
    for number in range(12):
        words = " ".join(f"{word}{number}" for word in WORDS.split())
        (made.root / "code" / f"m{number}.py").write_text(function(f"f{number}", words))
    return made


def configure(target: Project, **sections: dict) -> None:
    target.configure(
        project={"shard_size": 2, **sections.get("project", {})},
        seeds={"sources": "code", "type_check": "false", "near_duplicates": 0},
        responses={"samples": 2},
        verification={"enabled": "false"},
        selection={"max_same_names": 0, "near_duplicates": 1, **sections.get("selection", {})},
    )


def selected(project: Project) -> tuple[list[str], list[int]]:
    """The rows of the newest selection by id, and the shards that it is made from."""
    folder = max((project.artifacts / "selection").iterdir(), key=lambda path: path.stat().st_mtime)
    paths = ShardPaths(folder, 0)
    return [row["id"] for row in paths.read()], paths.read_meta()["shards"]


def made(project: Project) -> list[int]:
    (folder,) = (project.artifacts / "decontamination").iterdir()
    return [shard.number for shard in ShardPaths.published(folder)]


def test_rows_are_reached_after_a_kill_and_a_larger_number_only_adds(project: Project) -> None:
    configure(project, selection={"rows": 2})
    kill_tree(project.gated("responses", "append", "stop", task="Selected"))
    code, output = project.run(task="Selected")
    assert code == 0, output
    few, shards = selected(project)
    assert len(few) == 2
    assert shards == made(project) == list(range(len(shards))) and len(shards) < 6
    (seeds,) = (project.artifacts / "seeds").iterdir()
    taken = {seed["id"] for number in shards for seed in ShardPaths(seeds, number).read()}
    assert taken == set(sorted(project.records("seeds"))[: len(taken)])

    configure(project, selection={"rows": 4})
    code, output = project.ask("why")
    assert "selection" in output and code == 0
    code, output = project.run(task="Selected")
    assert code == 0, output
    more, shards = selected(project)
    assert len(more) == 4 and set(few) < set(more)
    assert shards == made(project)
    assert "responses 000000" not in output
    assert project.run(task="Selected") == (0, "")


def test_a_budget_ends_a_run_behind_a_shard_and_the_next_run_goes_on(project: Project) -> None:
    before = made(project)
    configure(project, project={"tokens": 1})
    code, output = project.run()
    assert code == 0, output
    assert made(project) == [*before, len(before)]
    assert "are spent: the dataset is of" in output
    manifest = project.manifest()
    assert manifest["funnel"]["seeds"]["rules"]["not_taken"] == 2 * (6 - len(made(project)))
    assert orjson.loads((project.artifacts / "status.json").read_bytes())["state"] == "finished"
    code, output = project.run()
    assert code == 0, output
    assert made(project) == [*before, len(before), len(before) + 1]
    assert project.ask("verify")[0] == 0


def test_where_the_seeds_end_before_the_rows_the_run_says_so(project: Project) -> None:
    configure(project, selection={"rows": 1000})
    code, output = project.run(task="Selected")
    assert code == 0, output
    assert "[selection] rows = 1000: the seeds end" in output
    assert made(project) == list(range(6))
