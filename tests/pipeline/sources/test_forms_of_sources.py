"""Forms in which sources come: single files, compressed and nested tables, parts of repositories, odd names."""

from __future__ import annotations

import subprocess

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import sources
from pipeline.errors import MissingDataError
from pipeline.text.lists import as_list
from tests.support.scans import function, open_scan, rejections, seeds, settings, take

FIRST, SECOND = function("first", "apple pear plum fig"), function("second", "iron gold tin lead")
ROWS = [{"content": FIRST, "path": "a.py", "license": "MIT"}, {"content": SECOND, "path": "b.py", "license": "MIT"}]


def lines(rows) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def compressed(rows) -> bytes:
    return pa.compress(lines(rows), codec="zstd", asbytes=True)


def test_a_single_file_is_a_source_whatever_its_name(tmp_path):
    (tmp_path / "test_one.py").write_text(FIRST)
    (tmp_path / "other.py").write_text(SECOND)
    (tmp_path / "LICENSE").write_text("MIT")
    take(open_scan(tmp_path, ["test_one.py"]))
    assert {name: (seed["path"], seed["licence"]) for name, seed in seeds(tmp_path).items()} == {
        "first": ("test_one.py", "MIT")
    }


def test_a_folder_that_is_named_like_a_file_is_read_as_a_folder(tmp_path):
    (tmp_path / "odd.py").mkdir()
    (tmp_path / "odd.py" / "a.py").write_text(FIRST)
    take(open_scan(tmp_path, ["odd.py"]))
    assert seeds(tmp_path).keys() == {"first"}


def test_rows_compressed_by_zstd_are_read_and_damage_is_named(tmp_path):
    (tmp_path / "x.jsonl.zst").write_bytes(compressed(ROWS))
    (tmp_path / "cut.jsonl.zst").write_bytes(compressed(ROWS * 50)[:-20])
    take(open_scan(tmp_path, ["x.jsonl.zst", "cut.jsonl.zst"]))
    assert seeds(tmp_path).keys() == {"first", "second"}
    assert {rule for place, (rule, _) in rejections(tmp_path).items() if place.endswith("cut.jsonl.zst")} <= {
        "unreadable"
    }


def test_the_folder_that_spark_writes_is_a_table(tmp_path):
    folder = tmp_path / "x.parquet"
    folder.mkdir()
    for number, row in enumerate(ROWS):
        pq.write_table(pa.Table.from_pylist([row]), folder / f"part-{number}.parquet")
    (folder / "_SUCCESS").touch()
    (folder / "_temporary.parquet").write_bytes(b"")
    take(open_scan(tmp_path, ["x.parquet"]))
    assert seeds(tmp_path).keys() == {"first", "second"}


V2 = {
    "repo_name": "me/repo", "revision_id": "abc", "license_type": "permissive",
    "files": [
        {"blob_id": "1", "path": "/src/a.py", "content": FIRST, "language": "Python", "detected_licenses": ["MIT"],
         "is_vendor": False, "is_generated": False},
        {"blob_id": "2", "path": "/src/b.py", "content": SECOND, "language": "Python", "detected_licenses": ["MIT"],
         "is_vendor": True, "is_generated": False},
        {"blob_id": "3", "path": "/src/c.py", "content": SECOND, "language": "Python", "detected_licenses": ["MIT"],
         "is_vendor": False, "is_generated": True},
        {"blob_id": "4", "path": "/src/d.js", "content": "x", "language": "JavaScript", "detected_licenses": ["MIT"],
         "is_vendor": False, "is_generated": False},
        {"blob_id": "5", "path": "/src/e.py", "content": None, "language": "Python", "detected_licenses": ["MIT"],
         "is_vendor": False, "is_generated": False},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ["v2.jsonl", "v2.parquet"])
def test_the_nested_files_of_the_stack_v2_are_read_with_their_marks(tmp_path, name):
    if name.endswith(".jsonl"):
        (tmp_path / name).write_bytes(lines([V2]))
    else:
        pq.write_table(pa.Table.from_pylist([V2]), tmp_path / name)
    take(open_scan(tmp_path, [name]))
    (seed,) = seeds(tmp_path).values()
    assert (seed["name"], seed["licence"], seed["repository"], seed["revision"]) == ("first", "MIT", "me/repo", "abc")
    assert seed["path"] == "src/a.py"
    found = {place.rpartition("/")[2]: rejection for place, rejection in rejections(tmp_path).items()}
    assert {index: rule for index, (rule, _) in found.items()} == {
        "1": "vendored_file", "2": "generated_file", "3": "other_language", "4": "no_content",
    }  # fmt: skip
    assert "have to be fetched first" in found["4"][1]


@pytest.mark.parametrize(
    "row",
    [
        {"blob_id": "1", "path": "a.py", "size": 3},
        {"messages": [{"role": "user", "content": "x"}], "score": 1.0},
        {"id": 1, "license": "MIT", "size": 3},
    ],
)
def test_a_table_without_content_is_rejected_with_all_its_columns(tmp_path, row):
    (tmp_path / "x.jsonl").write_bytes(lines([row]))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "x.parquet")
    take(open_scan(tmp_path, ["x.jsonl", "x.parquet"]))
    fates = [(rule, evidence) for rule, evidence in rejections(tmp_path).values()]
    assert [rule for rule, _ in fates] == ["no_content"] * 2
    assert all(column in evidence for column in row for _, evidence in fates)


@pytest.mark.parametrize("name", ["x.jsonl", "x.parquet"])
def test_columns_are_found_in_any_case(tmp_path, name):
    row = {"Content": FIRST, "PATH": "a.py", "License": "MIT"}
    if name.endswith(".jsonl"):
        (tmp_path / name).write_bytes(lines([row]))
    else:
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / name)
    take(open_scan(tmp_path, [name]))
    assert [(seed["path"], seed["licence"]) for seed in seeds(tmp_path).values()] == [("a.py", "MIT")]


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.txt"])
def test_a_file_in_another_form_is_named_with_the_forms_that_are_read(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(MissingDataError, match="in a form that is not read") as caught:
        sources.resolve(name, tmp_path, settings())
    assert ".jsonl.zst" in caught.value.remedy
    assert "mount" not in caught.value.remedy


def test_a_name_with_a_comma_is_written_in_quotes(tmp_path):
    (tmp_path / "a, b.jsonl").write_bytes(lines(ROWS))
    labels = as_list('"a, b.jsonl", c\nd,,e')
    assert labels == ["a, b.jsonl", "c", "d", "e"]
    take(open_scan(tmp_path, labels[:1]))
    assert seeds(tmp_path).keys() == {"first", "second"}


def test_a_folder_of_a_repository_is_read_alone(tmp_path):
    repo = tmp_path / "repo"
    (repo / "sub").mkdir(parents=True)
    (repo / "a.py").write_text(FIRST)
    (repo / "sub" / "b.py").write_text(SECOND)
    (repo / "LICENSE").write_text("MIT")
    git = ["git", "-C", str(repo), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Add two functions that name fruit and metals"]):
        subprocess.run([*git, *command], check=True)
    take(open_scan(tmp_path, ["git:repo/sub"]))
    assert {name: (seed["path"], seed["licence"]) for name, seed in seeds(tmp_path).items()} == {
        "second": ("sub/b.py", "MIT")
    }
    below = sources.resolve("git:repo/sub", tmp_path, settings())
    assert below.where.endswith(", below sub/")
    assert [part.path for part in below.parts()] == ["sub/b.py"]
