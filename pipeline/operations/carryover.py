"""Carries records over from a recipe that differs in limits alone.

A unit that ended within the lower limit (tokens, seconds, memory) would come out the same under the higher one: its
draws depend on `Recipe.kin`, which leaves limits out. So when a limit has been raised, the records of the earlier
recipe go into the journals of the new one, each with the recipe that it is from, and only those that a named rule
rejected (or whose verdict has that status) are made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.project.project import Project
from pipeline.stages.chain import shard_tasks
from pipeline.stages.stage import ShardTask
from targets import Recipe, ShardPaths
from targets.damage import fill_journal, sound_units
from targets.journal import read_journal


@dataclass(frozen=True)
class Carryover:
    """One shard of one stage: how many records go over from `donor`; which do not, by outcome."""

    task: ShardTask
    donor: ShardPaths
    carried: int
    redone: set[str]
    again: Counter[str]


def donor(task: ShardTask) -> Recipe | None:
    """The newest recipe on disk that differs from the stage's current one in lower limits alone."""
    current = task.recipe
    for earlier in task.artifacts.siblings(task.stage):
        if earlier.kin == current.kin and _within(earlier, current):
            return earlier
    return None


def _within(earlier: Recipe | None, later: Recipe | None) -> bool:
    """Whether no limit is lower later, in this stage and those before it."""
    if earlier is None or later is None:
        return earlier is later
    no_lower = all(later.limits.get(key, 0) >= value for key, value in earlier.limits.items())
    return no_lower and _within(earlier.parent, later.parent)


def plan(project: Project, rules: Collection[str], only_stage: str = "") -> Iterator[Carryover]:
    """What can be carried over, shard by shard; `rules` count in `only_stage`, or in every stage."""
    before: dict[int, set[str]] = {}
    for first in shard_tasks(project):
        earlier = donor(first)
        if earlier is None:
            continue
        named = rules if only_stage in ("", first.stage) else ()
        for source in ShardPaths.published(earlier.folder(project.artifacts)):
            task = first.clone(shard=source.number)
            if task.paths.records.exists():
                continue
            stale = before.get(source.number, set())
            carried, redone, again = 0, set(), Counter[str]()
            for unit in sound_units(source):
                ended = outcome(unit)
                if ended in named or task.depends_on(unit["id"], stale):
                    redone.add(unit["id"])
                    again[ended] += 1
                else:
                    carried += 1
            before[source.number] = redone
            yield Carryover(task, source, carried, redone, again)


def outcome(unit: dict[str, Any]) -> str:
    """What a unit ended as: the rule that rejected it, a verdict's status, or "kept"."""
    if "rejection" in unit:
        return str(unit["rejection"]["rule"])
    return str(unit["record"].get("status", "kept"))


def apply(carryover: Carryover) -> None:
    """Fill the journal of the shard. What is in it already stays. Needs the lock on the artifacts folder."""
    task, paths = carryover.task, carryover.task.paths
    task.recipe.write(task.project.artifacts)
    present = list(read_journal(paths.journal)) if paths.journal.exists() else []
    held = {entry["id"] for entry in present}
    earlier = carryover.donor.folder.name
    carried = (
        {"carried_from": earlier, **unit, "spent": {}}
        for unit in sound_units(carryover.donor)
        if unit["id"] not in held and unit["id"] not in carryover.redone
    )
    fill_journal(paths, [*present, *carried])
