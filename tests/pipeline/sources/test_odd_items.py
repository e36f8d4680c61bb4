"""One odd file, row or repository is a rejection that names it, and costs none of its neighbours."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sources.parquet import BadRow, read_rows
from tests.support.scans import GOOD, function, open_scan, rejections, seeds, take


def found(root: Path) -> dict[str, str]:
    """The rule of everything rejected, by its place."""
    return {place: rule for place, (rule, _) in rejections(root).items()}


@pytest.mark.parametrize(
    ("cookie", "body"),
    [
        ("undefined", GOOD),
        ("punycode", GOOD),
        ("utf-7", "x = '+2AA-'\n"),
        ("unicode_escape", r"x = '\ud800'" + "\n"),
        ("raw_unicode_escape", r"x = '\udfff'" + "\n"),
        ("hex", GOOD),
    ],
)
def test_a_coding_that_gives_no_text_is_a_rejection_of_that_file(tmp_path, cookie, body):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "odd.py").write_text(f"# coding: {cookie}\n{body}")
    (tmp_path / "code" / "good.py").write_text(GOOD)
    take(open_scan(tmp_path, ["code"]))
    assert seeds(tmp_path).keys() == {"double"}
    assert found(tmp_path) == {"code/odd.py": "not_utf8"}


def test_a_row_with_such_a_coding_is_a_rejection_of_that_row(tmp_path):
    rows = [{"content": "# coding: undefined\n", "license": "MIT"}, {"content": GOOD, "license": "MIT"}]
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    take(open_scan(tmp_path, ["rows.jsonl"]))
    assert seeds(tmp_path).keys() == {"double"}
    assert list(found(tmp_path).values()) == ["not_utf8"]


@pytest.mark.parametrize("depth", [50, 3000])
def test_imports_below_any_number_of_blocks_are_read(tmp_path, depth):
    (tmp_path / "code").mkdir()
    nested = "".join(" " * level + "if x:\n" for level in range(depth)) + " " * depth + "import os\n"
    (tmp_path / "code" / "deep.py").write_text(nested + GOOD)
    (tmp_path / "code" / "good.py").write_text(function("other", "red green"))
    take(open_scan(tmp_path, ["code"]))
    assert "other" in seeds(tmp_path)


def test_folders_nested_more_deeply_than_calls_are_listed(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    deepest = str(folder)
    for _ in range(1500):
        deepest += "/d"
        os.mkdir(deepest)
    with open(f"{deepest}/good.py", "w") as file:
        file.write(GOOD)
    try:
        take(open_scan(tmp_path, ["code"]))
        assert seeds(tmp_path).keys() == {"double"}
    finally:
        # pytest removes old folders by calls as deep as they are.
        subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.mark.parametrize("target", ["loop", b"\xff\xfe", "../shut/inside"])
def test_a_link_that_leads_nowhere_costs_nothing(tmp_path, target):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "good.py").write_text(GOOD)
    os.symlink(target, os.fsencode(tmp_path / "code" / "loop"))
    take(open_scan(tmp_path, ["code"]))
    assert seeds(tmp_path).keys() == {"double"}


def test_a_link_to_a_folder_whose_name_is_no_text_is_a_rejection(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "good.py").write_text(GOOD)
    os.mkdir(os.fsencode(tmp_path) + b"/\xff")
    os.symlink(b"../\xff", os.fsencode(tmp_path / "code" / "link"))
    take(open_scan(tmp_path, ["code"]))
    assert found(tmp_path) == {"code/link": "linked_folder"}
    assert seeds(tmp_path).keys() == {"double"}


def test_a_line_of_gitignore_that_cannot_be_read_costs_no_other_line(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / ".gitignore").write_text("!\n[z-a]\n***/**a[\nsecret.py\n")
    (tmp_path / "code" / "secret.py").write_text(GOOD)
    (tmp_path / "code" / "good.py").write_text(GOOD)
    take(open_scan(tmp_path, ["code"]))
    assert found(tmp_path) == {"code/secret.py": "ignored_file"}


def bad_strings(path: Path, rows: int, bad: set[int]) -> None:
    texts = [b"\xff\xfe" if row in bad else function(f"f{row}", f"red{row} blue{row}").encode() for row in range(rows)]
    column = pa.array(texts, pa.binary())
    text = pa.StringArray.from_buffers(rows, column.buffers()[1], column.buffers()[2])
    pq.write_table(pa.table({"content": text, "license": ["MIT"] * rows}), path)


@pytest.mark.parametrize("bad", [{100}, {0, 63, 64, 199}])
def test_rows_of_parquet_that_are_no_text_cost_no_other_row(tmp_path, bad):
    bad_strings(tmp_path / "rows.parquet", 200, bad)
    take(open_scan(tmp_path, ["rows.parquet"], near_duplicates=0.0))
    assert len(seeds(tmp_path)) == 200 - len(bad)
    places = {place.rpartition("#")[2]: rule for place, rule in found(tmp_path).items()}
    assert places == {str(row): "not_utf8" for row in bad}


def test_a_value_that_python_cannot_hold_is_a_bad_row(tmp_path):
    days = pa.array([0, 2**31 - 1, 1], pa.date32())
    pq.write_table(pa.table({"path": days}), tmp_path / "rows.parquet")
    with (tmp_path / "rows.parquet").open("rb") as opened:
        rows = list(read_rows(opened))
    assert [isinstance(row, BadRow) for row in rows] == [False, True, False]


def test_nan_and_infinity_cost_no_row_and_nan_is_no_value(tmp_path):
    nan = float("nan")
    rows = [
        {"content": function("a", "red blue"), "stars": nan, "license": "MIT"},
        {"content": function("b", "one two"), "stars": float("inf"), "license": "MIT", "lang": nan, "path": nan},
        {"content": nan, "code": function("c", "up down"), "license": "MIT", "stars": -float("inf")},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    take(open_scan(tmp_path, ["rows.jsonl"], near_duplicates=0.0))
    assert seeds(tmp_path).keys() == {"a", "b", "c"}
    assert found(tmp_path) == {}


def test_a_file_of_a_pattern_that_cannot_be_opened_costs_no_other(tmp_path):
    row = {"content": GOOD, "license": "MIT"}
    for name in (b"a.jsonl", b"\xff.jsonl"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(orjson.dumps(row))
    (tmp_path / "b.jsonl").symlink_to("gone")
    (tmp_path / "c.jsonl").mkdir()
    take(open_scan(tmp_path, ["*.jsonl"]))
    rules = {place.rpartition("/")[2].split("#")[0]: rule for place, rule in found(tmp_path).items()}
    assert rules == {"b.jsonl": "unreadable", "c.jsonl": "unreadable", "?.jsonl": "duplicate"}


def test_brackets_in_a_name_are_no_pattern(tmp_path):
    root = tmp_path / "data [1]"
    root.mkdir()
    (root / "rows [a].jsonl").write_bytes(orjson.dumps({"content": GOOD, "license": "MIT"}))
    take(open_scan(root, ["rows [a].jsonl"]))
    assert seeds(root).keys() == {"double"}
    take(open_scan(root, ["rows*.jsonl"]))
    assert seeds(root).keys() == {"double"}


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    ended = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ended.stdout.strip()


@pytest.fixture
def history(tmp_path) -> Path:
    """A repository: a first commit without a message, and two that describe a change."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    for number, message in enumerate(["", "Double numbers of any size", "Parse colours from names"]):
        (folder / f"m{number}.py").write_text(function(f"f{number}", f"red{number} green{number}"))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "--allow-empty-message", "-m", message)
    return folder


def test_a_commit_without_a_message_is_a_rejection(tmp_path, history):
    take(open_scan(tmp_path, ["commits:repository"]))
    assert seeds(tmp_path).keys() == {"f1", "f2"}
    assert list(found(tmp_path).values()) == ["message_too_short"]


def test_a_commit_whose_objects_are_gone_is_a_rejection(tmp_path, history):
    blob = git(history, "rev-parse", "HEAD~1:m1.py")
    (history / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    take(open_scan(tmp_path, ["commits:repository"]))
    assert seeds(tmp_path).keys() == {"f2"}
    assert sorted(found(tmp_path).values()) == ["message_too_short", "unreadable"]
