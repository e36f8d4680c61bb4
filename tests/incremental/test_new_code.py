"""A night after the sources have changed: what is new is made, what is gone leaves, and nothing else is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.crash.conftest import FUNCTIONS, Small
from tests.support.projects import STAGES

PER_FILE = 4
NEW_FILE = '''
def halved(items):
    """Half of each number."""
    return [item / 2 for item in items]


def without_spaces(text):
    """The text without any space in it."""
    return text.replace(" ", "")
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A finished project over four files of four functions, a shard each. Every test leaves it finished."""
    folder = tmp_path_factory.mktemp("nights")
    (folder / "code").mkdir()
    functions = FUNCTIONS.split("\n\n")
    for number in range(0, len(functions), PER_FILE):
        path = folder / "code" / f"part_{number // PER_FILE}.py"
        path.write_text("\n\n".join(functions[number : number + PER_FILE]) + "\n")
    (folder / "project").mkdir()
    made = Small(folder / "project")
    made.configure(project={"shard_size": PER_FILE})
    code, output = made.run()
    assert code == 0, output
    return made


def night(project: Small) -> tuple[int, dict[str, list[str]]]:
    """The nightly command: how many source files it read, and the records in the shards that it made.

    All files that were there before are there afterwards, untouched.
    """
    before = project.files()
    code, output = project.run()
    assert code == 0, output
    after = project.files()
    kept = {name: seen for name, seen in before.items() if not name.endswith("ledger.journal")}
    assert kept.items() <= after.items()
    made: dict[str, list[str]] = {}
    for name in sorted(after.keys() - before.keys()):
        if re.search(r"/shard-\d{6}(\.rejected)?\.jsonl$", name):
            lines = (project.artifacts / name).read_bytes().splitlines()
            ids = [re.match(rb'{"id":"([^"]+)"', line)[1].decode() for line in lines]
            made.setdefault(name.split("/")[0], []).extend(ids)
    read = re.search(r"seeds: (\d+) files? read", output)
    return int(read[1]) if read else 0, made


def seeds_of(project: Small, path: str) -> set[str]:
    return {seed["id"] for seed in project.records("seeds").values() if seed["path"] == path}


def code_of(project: Small) -> Path:
    return project.root.parent / "code"


def test_a_night_without_news_writes_nothing(project):
    before = project.files()
    assert night(project) == (0, {})
    assert project.files() == before


def test_a_new_file_costs_its_own_shard_in_each_stage(project):
    rows = {row["id"]: row for row in project.rows()}
    (code_of(project) / "part_new.py").write_text(NEW_FILE)
    code, output = project.ask("why")
    assert (code, "2 functions are new" in output) == (0, True), output
    read, made = night(project)
    new = seeds_of(project, "part_new.py")
    assert (read, len(new)) == (1, 2)
    assert set(made.pop("seeds")) == new
    made.pop("selection")
    assert set(made) == set(STAGES)
    for stage, ids in made.items():
        assert {id.partition("-")[0] for id in ids} <= new, stage
    assert set(made["concepts"]) == new
    # But for their weights, which look at how often a concept occurs among all rows.
    after = {row["id"]: row for row in project.rows()}
    assert rows.keys() <= after.keys()
    assert all(after[id]["response"] == row["response"] for id, row in rows.items())


def test_another_wish_in_seeds_is_the_reason_to_read_all_files_again(project):
    project.configure(project={"shard_size": PER_FILE}, seeds={"max_lines": 90})
    code, output = project.ask("why")
    project.configure(project={"shard_size": PER_FILE})
    assert code == 0, output
    files = len(list(code_of(project).iterdir()))
    assert f"a key of [seeds] has changed: {files} files to read again" in output
    assert "0 functions are new" in output
    assert not any(line.strip().startswith("changed: ") for line in output.splitlines())


def test_an_edited_function_costs_that_function_alone(project):
    path = code_of(project) / "part_1.py"
    before = seeds_of(project, "part_1.py")
    path.write_text(path.read_text().replace("The longest word.", "The word with most letters."))
    others = path.read_text().count("def ") - 1
    read, made = night(project)
    (edited,) = seeds_of(project, "part_1.py") - before
    assert read == 1
    assert [id for id in made.pop("seeds") if "/" not in id] == [edited]
    made.pop("selection")
    assert {id.partition("-")[0] for ids in made.values() for id in ids} == {edited}
    in_force = {row["seed"]["id"] for row in project.rows()}
    assert len(in_force & before) <= others


def test_a_removed_file_drops_its_rows_and_makes_nothing(project):
    rows = {row["id"]: row for row in project.rows()}
    (code_of(project) / "part_0.py").unlink()
    gone = seeds_of(project, "part_0.py")
    assert any(row["seed"]["id"] in gone for row in rows.values())
    read, made = night(project)
    assert read == 0
    assert set(made) == {"selection"}
    left = {id for id, row in rows.items() if row["seed"]["id"] not in gone}
    assert {row["id"] for row in project.rows()} == left
