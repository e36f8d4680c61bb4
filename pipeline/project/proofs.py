"""The proofs of a project's packs: which of their tasks may confirm by execution, and what their solutions do."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.decontamination.proofs import Proof, Proofs
from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.text.lists import as_list

FOLDER = "packs"  # of the artifacts


def kept(project: Project) -> Proofs:
    """The proofs that were kept so far."""
    return Proofs(project.artifacts / FOLDER, as_list(project.settings.sandbox.packages))


def examined(project: Project, log: Callable[[str], None]) -> list[Proof]:
    """The proofs of all tasks of the project's packs, in their order; packs that are new are examined."""
    decontaminator = project.decontaminator
    packs = decontaminator.packs if decontaminator else ()
    return kept(project).examine(packs, lambda: open_pool(project, log), project.settings.executions.timeout)
