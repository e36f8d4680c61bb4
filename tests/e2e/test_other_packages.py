"""A package that adds a stage, a source, a form of export and a benchmark pack is installed, named in luigi.cfg, and is there everywhere.

With it, rules and a score of the project's own. The package is tests/support/reviews_package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import LUIGI, Project

PACKAGE = Path(__file__).parents[1] / "support" / "reviews_package"
ROOT = Path(__file__).parents[2]
RULES = '''
def begins_with_b(seed):
    """The seed's name begins with b."""
    return seed["name"] if seed["name"].startswith("b") else None

def second_sample(candidate):
    """It is the second sample."""
    return candidate["id"] if candidate["response"]["sample"] == 1 else None

def last_first(candidate):
    """The last sample is the best."""
    return candidate["response"]["sample"]
'''


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages with ours in it, made from its wheel."""
    folder = tmp_path_factory.mktemp("packages")
    copy = folder / "source"
    shutil.copytree(PACKAGE, copy)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(folder / "lib"), str(copy)], check=True)
    return folder / "lib"


@pytest.fixture(scope="module")
def project(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("project"))
    (made.root / "rules.py").write_text(RULES)
    made.configure(
        project={"stages": "reviews"},
        reviews={"least_shared": 0},
        seeds={"sources": "words:", "stdlib_share": 0, "rules": "rules:begins_with_b"},
        responses={"samples": 4},
        decontamination={"packs": "exam", "execute": "false"},
        selection={"rules": "rules:second_sample", "score": "rules:last_first", "among": "all"},
    )
    done = command(packages, made.root, str(LUIGI), "--module", "pipeline", "FinalDataset")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def command(packages: Path, cwd: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(packages), str(ROOT)])}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_stage_stands_behind_the_one_it_follows(project: Project) -> None:
    funnel = project.manifest()["funnel"]
    assert list(funnel)[-5:] == ["verifications", "reviews", "decontamination", "selection", "dataset"]
    assert funnel["decontamination"]["in"] == funnel["reviews"]["kept"] > 0
    assert "reviews" in (project.artifacts / "latest" / "report.html").read_text()


def test_the_source_gives_the_seeds_and_the_users_rule_drops_one(project: Project) -> None:
    funnel = project.manifest()["funnel"]
    assert funnel["seeds"]["kept"] == 3
    assert funnel["seeds"]["rules"] == {"begins_with_b": 1}
    assert {row["seed"]["source"] for row in project.rows()} == {"words:"}


def test_the_rows_are_compared_with_the_pack_of_the_package(project: Project) -> None:
    (pack,) = project.manifest()["decontamination"]["packs"]
    assert (pack["name"], pack["source"], pack["tasks"]) == ("exam", "exam", 1)


def test_the_users_rule_and_score_decide_on_rows(project: Project) -> None:
    rules = project.manifest()["funnel"]["selection"]["rules"]
    assert rules["second_sample"] > 0
    assert {row["id"].rpartition("-")[2] for row in project.rows()} <= {"000", "002", "003"}
    assert "003" in {row["id"].rpartition("-")[2] for row in project.rows()}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("why",), "nothing to do"),
        (("verify",), "every file is as it was published"),
        (("explain", "off_topic"), "reviews rejects under off_topic"),
        (("explain", "second_sample"), "It is the second sample."),
        (("clean",), "in 0 folders"),
        (("export", "questions"), "questions.txt"),
    ],
)
def test_the_commands_have_what_the_package_adds(
    packages: Path, project: Project, arguments: tuple[str, ...], expected: str
) -> None:
    done = command(packages, project.root, sys.executable, "-m", "pipeline", *arguments)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_a_changed_rule_makes_again_what_it_decides_and_nothing_before(packages: Path, project: Project) -> None:
    (project.root / "rules.py").write_text(RULES.replace('sample"] == 1', 'sample"] == 3'))
    done = command(packages, project.root, sys.executable, "-m", "pipeline", "why")
    assert "selection" in done.stdout and "responses" not in done.stdout
    done = command(packages, project.root, str(LUIGI), "--module", "pipeline", "FinalDataset")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "003" not in {row["id"].rpartition("-")[2] for row in project.rows()}
    assert "responses 000000" not in done.stderr


def test_without_the_package_the_run_ends_before_it_begins(project: Project) -> None:
    done = command(project.root, project.root, str(LUIGI), "--module", "pipeline", "FinalDataset")
    assert done.returncode == 15
    assert "[project] stages: no installed package adds reviews" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
