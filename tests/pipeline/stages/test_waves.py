"""Waves of samples whose end was journaled in part, as a killed run leaves it: it is completed as it was begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.records import Rejection
from pipeline.stages.stage import Outcome
from pipeline.stages.waves import Waves
from targets.journal import Journal
from tests.support.pinned import PinnedProject, settings

SAMPLES = {name: [f"{name}-{sample:03d}" for sample in range(6)] for name in ("aa", "bb", "cc")}


def journal(folder: Path, *entries: dict[str, Any]) -> Path:
    written = Journal(folder / "shard.journal")
    for entry in entries:
        written.append(entry)
    return written.path


def drawn(id: str, rule: str = "length") -> dict[str, Any]:
    return {"id": id, "rejection": {"id": id, "rule": rule, "evidence": "seen"}, "spent": {}}


def test_what_was_decided_is_completed_and_not_decided_again(tmp_path: Path) -> None:
    first = [drawn(id) for ids in SAMPLES.values() for id in ids[:2]]
    path = journal(tmp_path, *first, drawn("aa-002", "not_drawn"), drawn("bb-002"))
    outcomes = list(Waves(PinnedProject(settings()), path, print).end(SAMPLES, 2))
    # Of bb more are drawn, and cc has no two responses to compare.
    assert outcomes == [Outcome(id, Rejection("not_drawn", "seen")) for id in ("aa-003", "aa-004", "aa-005")]
