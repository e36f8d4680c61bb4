"""A variant of a project is a project of its own; only an equal scan and an equal base model are shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.project.project import Project
from pipeline.stages.chain import shard_tasks
from tests.support.pinned import PinnedProject, settings


@pytest.fixture
def project(tmp_path: Path) -> Project:
    source = tmp_path / "source"
    source.mkdir()
    return Project(settings(seeds__sources=str(source)), tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [(("selection", "among"), "all"), (("engine", "n_threads"), 2), (("model", "path"), "m.gguf")],
)
def test_the_scan_is_shared_where_neither_sources_nor_artifacts_differ(
    project: Project, key: tuple[str, str], value: Any
) -> None:
    assert project.variant({key: value}).scan is project.scan


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("seeds", "sources"), "other"),
        (("seeds", "max_lines"), 3),
        (("project", "artifacts"), "elsewhere"),
    ],
)
def test_the_scan_is_not_shared_where_sources_or_artifacts_differ(
    project: Project, key: tuple[str, str], value: Any
) -> None:
    (project.root / "other").mkdir()
    variant = project.variant({key: value})
    assert variant.scan is not project.scan
    assert variant.scan.folder.is_relative_to(variant.artifacts)


def test_the_base_model_is_shared_where_neither_model_nor_engine_differ() -> None:
    project = PinnedProject(settings(), scan=None)
    assert project.variant({("selection", "among"): "all"}).base is project.base
    for section, key, value in (("model", "path", "m.gguf"), ("engine", "n_ctx", 512)):
        assert "base" not in vars(project.variant({(section, key): value}))


def test_a_variant_leaves_the_project_as_it_was(project: Project) -> None:
    variant = project.variant({("project", "artifacts"): "elsewhere"})
    assert variant.artifacts == project.root / "elsewhere"
    assert project.artifacts == project.root / "artifacts"
    assert project.settings.project.artifacts == "artifacts"


def test_two_projects_side_by_side_have_the_recipes_that_each_has_alone() -> None:
    def project(samples: int) -> Project:
        return PinnedProject(settings(responses__samples=samples))

    def recipes(project: Project) -> list[str]:
        return [task.recipe.digest for task in shard_tasks(project)]

    alone = [recipes(project(2)), recipes(project(3))]
    both = project(2), project(3)
    stages = zip(*(shard_tasks(each) for each in both), strict=True)
    side_by_side = [[task.recipe.digest for task in tasks] for tasks in stages]
    assert [list(digests) for digests in zip(*side_by_side, strict=True)] == alone
    assert alone[0] != alone[1]
