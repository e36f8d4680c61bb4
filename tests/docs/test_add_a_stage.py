"""docs/how-to/add-a-stage.md works: its code, put into a copy of the package, runs on the demo model."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.support.projects import LUIGI, Project

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add-a-stage.md").read_text()
MOST_EDITED = 3
WORDS = '''def longest(words):
    """The longest word."""
    return max(words, key=len)


def evens(items):
    """Keep the even numbers."""
    return [item for item in items if item % 2 == 0]


def doubled(items):
    """Double each number."""
    return [2 * item for item in items]


def backwards(items):
    """The items in reverse order."""
    return items[::-1]
'''


def block(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return text


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages with the stage of the page in it."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("pipeline", "targets", "sandbox"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "luigi.cfg", copy)
    (new,) = re.findall(r"^`(pipeline/\S+\.py)`:$", PAGE, re.MULTILINE)
    (copy / new).write_text(block("python"))
    applied = subprocess.run(
        ["git", "apply", "--recount", "-"], input=block("diff"), text=True, cwd=copy, capture_output=True
    )  # fmt: skip
    assert applied.returncode == 0, f"the page's diff no longer fits: {applied.stderr}"
    return copy


@pytest.fixture(scope="module")
def run(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was run by the copy."""
    root = tmp_path_factory.mktemp("project")
    (root / "code").mkdir()
    (root / "code" / "words.py").write_text(WORDS)
    project = Project(root)
    project.configure(seeds={"sources": "code", "stdlib_share": 0}, responses={"samples": 2})
    done = command(tree, root, str(LUIGI), "--module", "pipeline", "FinalDataset")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def command(tree: Path, cwd: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_page_edits_at_most_three_existing_files():
    edited = re.findall(r"^\+\+\+ b/(.+)$", block("diff"), re.MULTILINE)
    assert len(set(edited)) == len(edited) <= MOST_EDITED
    assert all((ROOT / name).exists() for name in edited)


def test_the_stage_is_in_the_chain_the_funnel_and_the_report(run):
    funnel = run.manifest()["funnel"]
    assert list(funnel)[-5:] == ["verifications", "reviews", "decontamination", "selection", "dataset"]
    assert funnel["reviews"]["in"] == funnel["verifications"]["kept"] > 0
    assert funnel["decontamination"]["in"] == funnel["reviews"]["kept"] > 0
    (records,) = (run.artifacts / "reviews").glob("*/shard-000000.jsonl")
    names = [orjson.loads(line)["concepts"] for line in records.read_bytes().splitlines()]
    assert len(names) == funnel["reviews"]["kept"] and all(names)
    assert "reviews" in (run.artifacts / "latest" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("why",), "nothing to do"),
        (("verify",), "every file is as it was published"),
        (("explain", "off_topic"), "reviews rejects under off_topic"),
        (("clean",), "in 0 folders"),
        (("why", "--json"), "[]"),
    ],
)
def test_the_commands_find_the_stage(tree, run, arguments, expected):
    done = command(tree, run.root, sys.executable, "-m", "pipeline", *arguments)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_its_setting_is_read_and_changes_its_recipe_and_those_after_it(tree, run):
    before = {path.name for path in (run.artifacts / "reviews").iterdir()}
    options = ("--reviews-least-shared", "0")
    done = command(tree, run.root, str(LUIGI), "--module", "pipeline", "FinalDataset", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len({path.name for path in (run.artifacts / "reviews").iterdir()} - before) == 1
    assert "verifications 000000" not in done.stderr
