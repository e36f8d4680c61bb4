"""The rules under which stages reject units of work: their sentences, and how often each applied.

Every stage declares its rules on its class; the seeds stage has those of the sources and of pipeline/seeds/. The
counts are those of the funnel of the dataset that `latest` points at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.extensions import sentences
from pipeline.project.project import Project
from pipeline.records import Rules
from pipeline.seeds.rules import SEED_RULES
from pipeline.seeds.scan import STAGE as SEEDS
from pipeline.stages.selection import Selection
from pipeline.stages.stage import StageTask


@dataclass(frozen=True, slots=True)
class Use:
    """A rule in a stage: what it drops, in one sentence, and how many units of the newest dataset it dropped.

    `dropped` is None where no dataset is there, or its funnel does not have the stage.
    """

    rule: str
    stage: str
    drops: str
    dropped: int | None


def stages() -> list[type[StageTask]]:
    """The classes of all stages that are loaded, by name, whether a project's chain has them or not."""
    named = (stage for stage in _all(StageTask.__subclasses__()) if hasattr(stage, "stage"))
    return sorted(named, key=lambda stage: (stage.stage, stage.__name__))


def declared() -> dict[str, Rules]:
    """The rules of every stage, by stage; several classes may make it, by the configuration."""
    found: dict[str, dict[str, str]] = {SEEDS: dict(SEED_RULES)}
    for stage in stages():
        found.setdefault(stage.stage, {}).update(stage.rules)
    return dict(found)


def uses(rule: str, project: Project) -> list[Use]:
    """The stages that declare a rule, or to which the project adds it; none for a name that is no rule."""
    funnel = _funnel(project.artifacts)
    of_user = _of_user(project)
    return [
        Use(rule, stage, every[rule], _dropped(funnel.get(stage), rule))
        for stage, rules in declared().items()
        if rule in (every := {**rules, **of_user.get(stage, {})})
    ]


def _of_user(project: Project) -> dict[str, Rules]:
    """The rules of the user, by stage."""
    score = project.selection_score
    selecting = [*project.selection_rules, *([score] if score else [])]
    return {SEEDS: sentences(project.criteria.rules), Selection.stage: sentences(selecting)}


def _all(classes: Iterable[type[StageTask]]) -> Iterator[type[StageTask]]:
    for stage in classes:
        yield stage
        yield from _all(stage.__subclasses__())


def _funnel(artifacts: Path) -> dict[str, Any]:
    try:
        manifest = orjson.loads((artifacts / "latest" / "manifest.json").read_bytes())
    except FileNotFoundError:
        return {}
    funnel: dict[str, Any] = manifest["funnel"]
    return funnel


def _dropped(counts: dict[str, Any] | None, rule: str) -> int | None:
    return None if counts is None else int(counts["rules"].get(rule, 0))
