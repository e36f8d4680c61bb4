"""A scratch project shares the metadata of model files with its project, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.operations.scratch_run import scratch_project
from pipeline.project.project import Project
from tests.support.pinned import settings


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "source").mkdir()
    return Project(settings(seeds__sources="source", responses__samples=2), tmp_path)


def test_it_has_the_same_settings_but_for_its_folder(project: Project, tmp_path: Path) -> None:
    scratch = scratch_project(project, tmp_path / "scratch")
    assert scratch.artifacts == tmp_path / "scratch"
    assert scratch.settings.responses.samples == 2
    assert scratch.settings.seeds.sources == "source"
    assert project.artifacts == tmp_path / "artifacts"


def test_it_has_other_sources_where_they_are_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    scratch = scratch_project(project, tmp_path / "scratch", str(tmp_path / "other"))
    assert [source.label for source in scratch.sources] == [str(tmp_path / "other")]
    assert project.settings.seeds.sources == "source"


def test_nothing_that_is_derived_is_shared(project: Project, tmp_path: Path) -> None:
    scratch = scratch_project(project, tmp_path / "scratch")
    assert scratch.recipes is not project.recipes
    assert scratch.scan is not project.scan
    assert scratch.scan.folder.is_relative_to(scratch.artifacts)


def test_two_scratch_projects_have_separate_folders(project: Project, tmp_path: Path) -> None:
    first, second = (scratch_project(project, tmp_path / name) for name in ("first", "second"))
    assert first.scan.folder != second.scan.folder
    assert first.scan is not second.scan


def test_metadata_of_models_is_shared_where_there_is_any(project: Project, tmp_path: Path) -> None:
    (project.artifacts / "model").mkdir(parents=True)
    (project.artifacts / "model" / "facts-1.json").write_text("{}")
    for _ in range(2):  # a second pilot uses the same folder
        scratch = scratch_project(project, tmp_path / "scratch")
        assert (scratch.artifacts / "model" / "facts-1.json").read_text() == "{}"


def test_without_metadata_the_folder_is_empty(project: Project, tmp_path: Path) -> None:
    scratch = scratch_project(project, tmp_path / "scratch")
    assert list(scratch.artifacts.iterdir()) == []
    assert not project.artifacts.exists()
