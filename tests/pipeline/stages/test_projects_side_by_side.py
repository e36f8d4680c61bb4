"""A project is a parameter: several side by side in one process give what each gives alone."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import luigi
import pytest

from pipeline import demo
from pipeline.errors import ConfigError
from pipeline.loop.answers import Answers
from pipeline.loop.evaluation import PackEvaluation
from pipeline.project.project import Project
from pipeline.stages.base import ProjectParameter
from pipeline.stages.chain import shard_tasks
from pipeline.stages.decontamination import Decontamination
from pipeline.stages.responses import Responses
from pipeline.stages.selection import Selection
from tests.support.pinned import settings
from tests.support.projects import LUIGI

ROOT = Path(__file__).parents[3]
MAY_NAME_THE_PROCESS = {"pipeline/stages/base.py", "pipeline/commands/__init__.py"}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The first tasks of the demo pack, as a pack of another name and content."""
    lines = gzip.decompress(demo.PACK.read_bytes()).splitlines()[:3]
    path = tmp_path / "small.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def recipes(root: Path, **changes) -> dict[str, str]:
    """The digests of all stages and of an evaluation, of a project that nothing else was asked of."""
    (root / "code").mkdir(parents=True, exist_ok=True)
    return digests(Project(settings(seeds__sources="code", **changes), root))


def digests(project: Project) -> dict[str, str]:
    made = {task.stage: task.recipe.digest for task in shard_tasks(project)}
    return {
        **made,
        "selection": Selection.of(project).recipe.digest,
        "answers": Answers(project=project).recipe.digest,
        "evaluation": PackEvaluation(project=project).recipe.digest,
    }


@pytest.mark.slow
def test_two_projects_in_one_process_have_the_recipes_that_each_has_alone(tmp_path, pack):
    changes = {
        "evaluation__pack": str(pack),
        "responses__samples": 2,
        "selection__choose": "random",
    }
    alone = [recipes(tmp_path / "a"), recipes(tmp_path / "b", **changes)]
    (tmp_path / "a" / "code").mkdir(exist_ok=True)
    both = [
        Project(settings(seeds__sources="code"), tmp_path / "a"),
        Project(settings(seeds__sources="code", **changes), tmp_path / "b"),
    ]
    # Stage by stage in turn, so that anything kept for the process would be taken for the other project's.
    for first, second in zip(shard_tasks(both[0]), shard_tasks(both[1]), strict=True):
        assert first.recipe.digest == alone[0][first.stage]
        assert second.recipe.digest == alone[1][second.stage]
    assert [digests(project) for project in both] == alone
    assert [digests(project) for project in reversed(both)] == alone[::-1]
    assert alone[0]["answers"] != alone[1]["answers"]


def test_a_variants_evaluation_has_its_own_pack(tmp_path, pack):
    (tmp_path / "code").mkdir()
    project = Project(settings(seeds__sources="code"), tmp_path)
    before = Answers(project=project).recipe.ingredients["pack"]
    variant = project.variant({("evaluation", "pack"): str(pack)})
    assert Answers(project=variant).recipe.ingredients["pack"]["name"] == "small"
    assert Answers(project=project).recipe.ingredients["pack"] == before


def test_each_project_scans_its_own_sources(tmp_path):
    scans = []
    for name in ("a", "b"):
        folder = tmp_path / name / "code"
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text("x = 1\n")
        scans.append(Project(settings(seeds__sources="code"), tmp_path / name).scan)
    assert [[part.path for part in scan.changed] for scan in scans] == [["a.py"], ["b.py"]]


def test_a_task_hands_its_project_to_what_it_requires(tmp_path):
    project = Project(settings(), tmp_path)
    task = Decontamination(shard=3, project=project)
    assert task.project is project
    assert all(required.project is project for required in shard_tasks(project, 3))
    assert all(required.shard == 3 for required in shard_tasks(project, 3))
    other = Decontamination(shard=3, project=Project(settings(), tmp_path))
    assert other is not task
    assert other.task_id == task.task_id
    assert "project" not in task.to_str_params(only_significant=True)


@pytest.mark.slow
def test_a_project_is_no_text():
    assert ProjectParameter().serialize(None) == ""
    ended = subprocess.run(
        [str(LUIGI), "--module", "pipeline", "Responses", "--shard", "0", "--Responses-project", "x"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )  # fmt: skip
    assert ended.returncode == ConfigError.exit_code
    assert ended.stderr.startswith("error: project = x: a project is no text")


def test_projects_do_not_differ_for_the_scheduler():
    parameter = dict(Responses.get_params())["project"]
    assert not parameter.significant
    assert parameter.visibility == luigi.parameter.ParameterVisibility.PRIVATE


def test_the_run_of_the_process_is_named_in_two_modules_only():
    naming = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "pipeline").rglob("*.py")
        if "import process" in path.read_text() or "run.process" in path.read_text()
    }
    assert naming - {"pipeline/run/process.py"} == MAY_NAME_THE_PROCESS


@pytest.mark.slow
def test_importing_the_package_begins_no_run():
    code = (
        "import pipeline, threading\nfrom pipeline.run import process\nprint(process._run, threading.active_count())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout.split() == ["None", "1"]
