"""Permission denied: one line that names the path, nothing lost, and on it goes once permission is given."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline import demo
from tests.crash.conftest import Small
from tests.crash.test_kill_matrix import told
from tests.support.projects import LUIGI, STAGES

STAGES = (*STAGES, "selection", "dataset")
# The superuser may read and write everything, unless these are taken from it.
ORDINARY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []


def run(project: Small, task: str = "FinalDataset", **environment: str) -> tuple[int, str]:
    """The user's own command, as someone for whom permissions count."""
    ended = subprocess.run(
        [*ORDINARY, str(LUIGI), "--module", "pipeline", task],
        cwd=project.root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert "Traceback" not in ended.stdout
    return ended.returncode, ended.stdout


@contextmanager
def forbidden(path: Path, mode: int) -> Iterator[None]:
    """Within the block a path has this mode."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def test_an_artifacts_folder_that_may_not_be_written_to_is_named(fresh):
    fresh.artifacts.mkdir()
    with forbidden(fresh.artifacts, 0o500):
        code, output = run(fresh)
    assert code == 35, output
    assert f"cannot write to {fresh.artifacts}: Permission denied" in output


@pytest.mark.parametrize("stage", ["responses", "selection", "dataset"])
def test_a_stages_folder_that_may_not_be_written_to_ends_the_run_and_it_goes_on(project, finished, stage):
    """The files of a stage and of those after it are away, and its folder takes no new ones."""
    for later in STAGES[STAGES.index(stage) :]:
        shutil.rmtree(project.artifacts / later)
    folder = project.artifacts / stage
    folder.mkdir()
    with forbidden(folder, 0o500):
        code, output = run(project)
        assert code == 35, output
        assert f"cannot write to {project.artifacts}: Permission denied" in output
    code, output = project.run()
    assert code == 0, output
    assert told(project.rows()) == told(finished.rows())


def test_a_source_file_that_may_not_be_read_is_on_file_and_read_when_it_may(fresh):
    code_folder = fresh.root / "own"
    code_folder.mkdir()
    path = code_folder / "secret.py"
    path.write_text('def halved(items):\n    """Half of each."""\n    return [i / 2 for i in items]\n')
    fresh.configure(seeds={"sources": f"{fresh.root.parent / 'code'}, own"})
    with forbidden(path, 0):
        code, output = run(fresh, "Seeds")
        assert code == 0, output
    (dropped,) = (row for row in fresh.rejected("seeds") if row["rule"] == "unreadable")
    assert "secret.py" in dropped["id"]
    assert "Permission denied" in dropped["evidence"]
    code, output = run(fresh, "Seeds")
    assert code == 0, output
    assert "halved" in {seed["name"] for seed in fresh.records("seeds").values()}


def test_a_model_that_may_not_be_read_is_named(fresh):
    model = fresh.root / "model.gguf"
    shutil.copy(demo.MODEL, model)
    fresh.configure(model={"path": "model.gguf"})
    with forbidden(model, 0):
        code, output = run(fresh)
    assert code == 20, output
    assert f"{model} cannot be read: Permission denied" in output


def test_a_configuration_that_may_not_be_read_is_not_passed_over(fresh):
    with forbidden(fresh.root / "luigi.cfg", 0):
        code, output = run(fresh)
    assert code == 15, output
    assert "luigi.cfg cannot be read" in output
    assert not fresh.artifacts.exists()


def test_a_configuration_that_is_named_and_not_there_is_not_passed_over(fresh):
    code, output = run(fresh, LUIGI_CONFIG_PATH="/nowhere/luigi.cfg")
    assert code == 15, output
    assert "LUIGI_CONFIG_PATH names /nowhere/luigi.cfg" in output
    assert not fresh.artifacts.exists()
