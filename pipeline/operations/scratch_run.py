"""A scratch project: the same configuration, but for where it writes and what it reads.

For `try` and `plan`, which run the pipeline's own tasks by calls, one after the other. Nothing of the project's own
artifacts is changed; only the facts about model files are shared.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.project.project import Project


def scratch_project(project: Project, artifacts: Path, sources: str | None = None) -> Project:
    """The project with another folder for its artifacts and, if named, other sources."""
    artifacts.mkdir(parents=True, exist_ok=True)
    facts, shared = artifacts / "model", project.artifacts / "model"
    if shared.is_dir() and not facts.exists():
        facts.symlink_to(shared)
    # A pilot that loses everything is a result: it is shown.
    overrides = {("project", "artifacts"): str(artifacts), ("project", "stop_when_hopeless"): "off"}
    if sources is not None:
        overrides["seeds", "sources"] = sources
    return project.variant(overrides)
