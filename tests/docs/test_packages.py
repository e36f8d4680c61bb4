"""The wheel and the source distribution hold what they need, and the wheel works from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BUILD = "from setuptools import build_meta as b; b.build_sdist('dist'); b.build_wheel('dist')"


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: what belongs into the packages is unknown")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built from a copy of the tracked files."""
    copy = tmp_path_factory.mktemp("copy")
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(ROOT / name, copy / name)
    ended = subprocess.run([sys.executable, "-c", _BUILD], cwd=copy, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return copy / "dist"


def test_the_wheel_has_every_file_of_the_packages(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    there = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in tracked() if name.startswith(("pipeline/", "targets/", "sandbox/"))}
    assert wanted - there == set()


def test_the_source_distribution_has_every_file(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    beside = {name for name in tracked() if name.startswith(".")}  # git's own, and those of services
    assert set(tracked()) - there - beside == set()


def test_the_wheel_works_in_an_empty_folder(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(installed)  # a wheel of pure Python is installed by that
    empty.mkdir()
    (empty / "mine.py").write_text('def double(x):\n    """Twice a number."""\n    return 2 * x\n')
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    for words in (
        ["init", ".", "--sources", "."],
        ["run", "Seeds", "--seeds-type-check", "false"],
        ["why", "--seeds-type-check", "false"],
    ):
        argv = [sys.executable, "-m", "pipeline", *words]
        ended = subprocess.run(argv, cwd=empty, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert list((empty / "artifacts" / "seeds").glob("*/shard-000000.jsonl"))
