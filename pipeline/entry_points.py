"""What other packages add to the pipeline, by entry points (importlib.metadata) in one of the GROUPS.

An installed source or form of export is there like the pipeline's own. A stage changes what a run makes: it is in the
chain only where `[project] stages` names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import metadata
from typing import Any, Literal

from pipeline.errors import ConfigError
from pipeline.text.nearest import nearest

Group = Literal["stages", "sources", "exports", "packs"]
GROUPS: dict[Group, str] = {
    "stages": "selfcodealign.stages",  # classes: a ShardTask with `follows`
    "sources": "selfcodealign.sources",  # classes: a ConfigurableSource
    "exports": "selfcodealign.exports",  # instances of Form
    "packs": "selfcodealign.packs",  # paths of a folder of benchmark files
}


def named(group: Group, names: Iterable[str], key: str) -> list[Any]:
    """What the names stand for, in their order. Raises ConfigError for one that is not installed or does not load."""
    names = list(names)
    points = _points(group) if names else {}  # reading what is installed takes a tenth of a start
    for name in names:
        if name not in points:
            raise ConfigError(f"{key}: no installed package adds {name}", _remedy(name, points))
    return [_load(points[name]) for name in names]


def find(group: Group, name: str) -> Any:
    """What a name stands for; None where no installed package adds it. Raises ConfigError where it does not load."""
    points = _points(group)
    return _load(points[name]) if name in points else None


def every(group: Group) -> list[Any]:
    """Everything that installed packages add to a group, in order of name. Raises ConfigError as `named`."""
    return [_load(point) for _, point in sorted(_points(group).items())]


@cache
def _points(group: Group) -> dict[str, metadata.EntryPoint]:
    return {point.name: point for point in metadata.entry_points(group=GROUPS[group])}


def _load(point: metadata.EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:
        package = point.dist.name if point.dist else point.module
        problem = f"{point.value} of the package {package} does not load: {type(error).__name__}: {error}"
        raise ConfigError(problem, f"correct or uninstall {package}") from error


def _remedy(name: str, points: Iterable[str]) -> str:
    installed = sorted(points)
    return nearest(name, installed) if installed else "install the package that adds it into this environment"
