"""hf: sources against a hub-shaped server: files fetched one by one, once, and nothing left behind."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.support.hubs import COMMIT, Hub, run_against, serving
from tests.support.scans import GOOD, rejections, seeds

pytestmark = pytest.mark.slow


def rows(name: str, licence: str = "mit") -> bytes:
    row = {"content": GOOD.replace("double", name), "path": f"{name}.py", "license": licence}
    return orjson.dumps(row) + b"\n"


@pytest.fixture
def hub() -> Iterator[str]:
    files = {
        "README.md": b"# A dataset",
        "data/a.jsonl": rows("first") + rows("viral", "gpl-3.0"),
        "data/b.jsonl.gz": gzip.compress(rows("second")),
        "other/c.jsonl": rows("third"),
    }
    with serving(files) as endpoint:
        yield endpoint


SCAN = """
import sys
from pathlib import Path
from tests.support.scans import open_scan, take

take(open_scan(Path(sys.argv[1]), [sys.argv[2]], near_duplicates=0.0))
"""


def scan(root: Path, label: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    return run_against(endpoint, root, SCAN, label)


def test_files_are_fetched_one_by_one_and_only_changed_ones_again(tmp_path, hub):
    label = "hf:someone/stack@main:data/*"
    ended = scan(tmp_path, label, hub)
    assert ended.returncode == 0, ended.stderr
    assert Hub.fetched == ["data/a.jsonl", "data/b.jsonl.gz"]
    found = seeds(tmp_path)
    assert found.keys() == {"first", "second"}
    assert found["first"]["path"] == "first.py"
    assert (found["first"]["repository"], found["first"]["revision"]) == ("someone/stack", COMMIT)
    assert [rule for rule, _ in rejections(tmp_path).values()] == ["licence_not_allowed"]
    Hub.files["data/b.jsonl.gz"] = gzip.compress(rows("second") + rows("fourth"))
    Hub.fetched.clear()
    assert scan(tmp_path, label, hub).returncode == 0
    assert Hub.fetched == ["data/b.jsonl.gz"]
    assert seeds(tmp_path).keys() == {"first", "second", "fourth"}


@pytest.mark.parametrize("label", ["hf:someone/nothing", "hf:someone/stack:*.zip"])
def test_a_dataset_or_a_file_that_is_not_there_is_named(tmp_path, hub, label):
    ended = scan(tmp_path, label, hub)
    assert f"MissingDataError: [seeds] sources: {label}" in ended.stderr


def test_a_hub_that_cannot_be_reached_is_named_and_nothing_counts_as_read(tmp_path):
    ended = scan(tmp_path, "hf:someone/stack", "http://127.0.0.1:9")
    assert "MissingDataError: [seeds] sources: hf:someone/stack" in ended.stderr
    assert not (tmp_path / "seeds").exists()
