"""Nasty sources: each gives a seed or a rejection with its reason, and none costs another."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from pipeline.records import Rejection
from tests.support import nasty
from tests.support.scans import GOOD, open_scan, rejections, seeds, take


def test_each_is_a_seed_or_a_rejection_with_its_reason(tmp_path):
    expected = nasty.build(tmp_path / "nasty", many=20)
    take(open_scan(tmp_path, ["nasty"], type_check=True))
    kept = {seed["path"] for seed in seeds(tmp_path).values()}
    dropped: dict[str, set[str]] = {}
    for place, (rule, evidence) in rejections(tmp_path).items():
        assert len(evidence) <= 500
        dropped.setdefault(place.removeprefix("nasty/").split(":")[0], set()).add(rule)
    for path, rule in expected.items():
        if rule:
            assert dropped.get(path) == {rule}, path
        else:
            assert path in kept, (path, dropped.get(path))
    assert kept <= expected.keys()


@pytest.mark.slow
def test_ten_thousand_functions_in_one_file_are_ten_thousand_seeds_in_whole_shards(tmp_path):
    nasty.build(tmp_path / "nasty", many=10_000)
    for path in (tmp_path / "nasty").iterdir():
        if path.name not in ("many.py", "folder.py"):
            path.unlink()
    take(open_scan(tmp_path, ["nasty"], near_duplicates=0.0))
    assert len(seeds(tmp_path)) == 10_000
    assert open_scan(tmp_path, ["nasty"]).snapshot.rules == {}


def test_a_file_that_vanishes_between_the_look_and_the_reading_is_a_rejection(tmp_path):
    (tmp_path / "code").mkdir()
    for name in ("a", "b"):
        (tmp_path / "code" / f"{name}.py").write_text(GOOD.replace("double", name))
    scan = open_scan(tmp_path, ["code"], near_duplicates=0.0)
    (tmp_path / "code" / "a.py").unlink()
    take(scan)
    assert seeds(tmp_path).keys() == {"b"}
    assert rejections(tmp_path)["code/a.py"] == ("unreadable", "No such file or directory")


@pytest.fixture
def somebody():
    """A folder that everybody may enter, and a user who is not above all permissions."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)
        os.seteuid(os.getuid())


@pytest.mark.parametrize("name", ["secret.py", "locked"])
def test_what_may_not_be_read_is_a_rejection(somebody, name):
    (somebody / "code" / "locked").mkdir(parents=True)
    (somebody / "code" / "secret.py").write_text(GOOD)
    (somebody / "code" / "locked" / "a.py").write_text(GOOD)
    os.chmod(somebody / "code" / name, 0)
    source = open_scan(somebody, ["code"]).sources[0]
    if os.getuid() == 0:
        os.seteuid(65534)
    part = {part.path: part for part in source.parts()}[name]
    if name == "locked":
        assert part.left_out == Rejection("unreadable", "Permission denied")
    else:
        with pytest.raises(PermissionError):
            list(source.documents(part))
