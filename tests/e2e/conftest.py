"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run on about twenty seeds, for tests that only read it."""
    project = Project(tmp_path_factory.mktemp("demo"))
    project.configure(seeds={"stdlib_share": "0.08"})
    code, output = project.run()
    assert code == 0, output
    return project


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for the tests of a module that build upon each other."""
    return Project(tmp_path_factory.mktemp("project"))
