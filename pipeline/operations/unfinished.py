"""Every unfinished run of a project: the folders with journals, by the command that last worked on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.operations.reachable import Store


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """What one command has left: folders as STAGE/RECIPE, finished records in them, seconds since the last."""

    command: str
    records: int
    age_seconds: float
    folders: list[str]

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "age_seconds": round(self.age_seconds)}


def unfinished_runs(artifacts: Path) -> list[UnfinishedRun]:
    """The unfinished runs, the latest first."""
    by_command: dict[str, list[tuple[str, int, float]]] = {}
    for (stage, recipe), left in Store(artifacts).unfinished.items():
        folder = f"{stage}/{recipe}"
        by_command.setdefault(left.command, []).append((folder, left.records, left.age_seconds))
    runs = [
        UnfinishedRun(
            command,
            sum(records for _, records, _ in left),
            min(age for _, _, age in left),
            [name for name, _, _ in left],
        )
        for command, left in by_command.items()
    ]
    return sorted(runs, key=lambda run: run.age_seconds)
