"""Carry records over from a recipe that differs in limits alone.

A unit that ended within the lower limit (tokens, seconds, memory) would come out the same under the higher
one: its draws depend on `Recipe.kin`, which leaves limits out. So when a limit has been raised, the records
of the earlier recipe go into the journals of the new one, each saying where it is from, and only those that
a named rule rejected (or whose verdict has that status) are made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.operations.integrity import made_from
from pipeline.project.session import Session
from targets import Recipe, ShardPaths
from targets.damage import fill_journal, sound_units
from targets.journal import read_journal


@dataclass(frozen=True)
class Carry:
    """One shard of one stage: how many records go over from `donor`; which do not, by outcome."""

    stage: str
    paths: ShardPaths
    donor: ShardPaths
    carried: int
    redone: set[str]
    again: Counter[str]


def donor(run: Session, stage: str) -> Recipe | None:
    """The newest recipe on disk that differs from the stage's own in lower limits alone."""
    wanted = run.recipes[stage]
    documents = (run.artifacts / stage).glob("*/recipe.json")
    for path in sorted(documents, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            earlier = Recipe.from_words(orjson.loads(path.read_bytes()))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue  # `verify` names it
        if (
            earlier.kin == wanted.kin
            and earlier.digest != wanted.digest
            and _within(earlier, wanted)
        ):
            return earlier
    return None


def _within(earlier: Recipe | None, later: Recipe | None) -> bool:
    """Whether no limit is lower later, in this stage and those before it."""
    if earlier is None or later is None:
        return earlier is later
    no_lower = all(later.limits.get(key, 0) >= value for key, value in earlier.limits.items())
    return no_lower and _within(earlier.parent, later.parent)


def plan(run: Session, rules: Collection[str], only_stage: str = "") -> Iterator[Carry]:
    """What can be carried over, shard by shard; `rules` count in `only_stage`, or in every stage."""
    before: dict[int, set[str]] = {}
    for stage in list(run.recipes)[1:]:
        earlier = donor(run, stage)
        if earlier is None:
            continue
        named = rules if only_stage in ("", stage) else ()
        for source in ShardPaths.published(earlier.folder(run.artifacts)):
            paths = run.shard(stage, source.number)
            if paths.records.exists():
                continue
            carried, redone, again = 0, set(), Counter[str]()
            for unit in sound_units(source):
                ended = outcome(unit)
                if ended in named or made_from(stage, unit["id"], before.get(source.number, set())):
                    redone.add(unit["id"])
                    again[ended] += 1
                else:
                    carried += 1
            before[source.number] = redone
            yield Carry(stage, paths, source, carried, redone, again)


def outcome(unit: dict[str, Any]) -> str:
    """What a unit ended as: the rule that rejected it, a verdict's status, or "kept"."""
    if "rejection" in unit:
        return str(unit["rejection"]["rule"])
    return str(unit["record"].get("status", "kept"))


def apply(run: Session, carry: Carry) -> None:
    """Fill the journal of the shard. What is in it already stays. Needs the session's lock."""
    run.recipes[carry.stage].write(run.artifacts)
    present = list(read_journal(carry.paths.journal)) if carry.paths.journal.exists() else []
    held = {entry["id"] for entry in present}
    earlier = carry.donor.folder.name
    carried = (
        {"carried_from": earlier, **unit, "spent": {}}
        for unit in sound_units(carry.donor)
        if unit["id"] not in held and unit["id"] not in carry.redone
    )
    fill_journal(carry.paths, [*present, *carried])
