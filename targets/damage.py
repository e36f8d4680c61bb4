"""Finds the faults of a published shard and its sound units, and opens the shard again.

A unit is sound when its line in the records or rejected file has the checksum that `.units` holds, and that
line of `.units` has its own. Sound units can go into a journal again: that of the same shard, so that only the
others are made again, or that of the shard under another recipe.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from targets.atomic import publish, sha256_of
from targets.journal import encode, read_journal
from targets.shard import Damaged, ShardPaths

_DIGESTS = ("records", "rejected", "units")


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what was published."""

    path: Path
    problem: str


def faults(paths: ShardPaths, expected: set[str] | None = None) -> list[Fault]:
    """The faults of a shard; `expected` are the ids of the units that it must hold."""
    if not paths.records.exists():
        return [Fault(paths.records, "it is missing")]
    try:
        meta = paths.read_meta()
    except Damaged as damaged:
        return [Fault(damaged.path, damaged.problem)]
    problems = []
    for name in _DIGESTS:
        path: Path = getattr(paths, name)
        try:
            with open(path, "rb") as file:
                digest = sha256_of(file)
        except OSError as error:
            problems.append(Fault(path, f"it cannot be read ({error.strerror})"))
            continue
        if digest != meta.get(f"{name}_sha256"):
            problems.append(Fault(path, _what_happened(path, meta)))
    if not problems and expected is not None:
        held = {entry["id"] for entry in sound_units(paths)}
        if held != expected:
            problems.append(
                Fault(
                    paths.records,
                    f"{len(held - expected)} units do not belong to the shard before it and "
                    f"{len(expected - held)} are missing: files of another artifacts folder?",
                )
            )
    return problems


def _what_happened(path: Path, meta: dict[str, Any]) -> str:
    if path.suffix != ".jsonl":
        return "it has changed since it was published"
    lines = path.read_bytes().splitlines()
    broken = 0
    for line in lines:
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError:
            broken += 1
    count = meta["rejected" if path.name.endswith(".rejected.jsonl") else "kept"]
    if broken:
        return f"{broken} of {count} lines are no JSON"
    if len(lines) != count:
        return f"it has {len(lines)} lines, {count} were published"
    return "edited since it was published: every line is JSON"


def sound_units(paths: ShardPaths) -> Iterator[dict[str, Any]]:
    """The journal entries of a shard's sound units."""
    if not paths.units.exists():
        return
    units = {entry["id"]: entry for entry in read_journal(paths.units)}
    for path, kind in ((paths.records, "record"), (paths.rejected, "rejection")):
        if not path.exists():
            continue
        with open(path, "rb") as file:
            for line in file:
                line = line.rstrip(b"\n")
                try:
                    outcome = orjson.loads(line)
                    unit = units.get(outcome["id"])
                except (orjson.JSONDecodeError, KeyError, TypeError):
                    continue
                if unit is not None and unit["crc"] == zlib.crc32(line):
                    yield {
                        **{key: value for key, value in unit.items() if key != "crc"},
                        kind: outcome,
                    }


def checksums(paths: ShardPaths) -> dict[str, int]:
    """The checksum of each unit's outcome, as published."""
    if not paths.units.exists():
        return {}
    return {entry["id"]: entry["crc"] for entry in read_journal(paths.units)}


def fill_journal(paths: ShardPaths, entries: Iterable[dict[str, Any]]) -> None:
    """Make these entries the journal of a shard that is not published."""
    publish(paths.journal, (encode(entry) for entry in entries))


def reopen(paths: ShardPaths, keep: Callable[[str], bool] = lambda unit: True) -> int:
    """Make a published shard unfinished again, with its sound units in the journal; return their number.

    Only the units that `keep` accepts stay. Call it while no other process works on the shard. Interrupted,
    it leaves the shard published or unfinished, and every sound unit in one of the two.
    """
    entries = [entry for entry in sound_units(paths) if keep(entry["id"])]
    if paths.journal.exists():
        held = {entry["id"] for entry in entries}
        entries += [entry for entry in read_journal(paths.journal) if entry["id"] not in held and keep(entry["id"])]
    fill_journal(paths, entries)
    for path in (paths.records, paths.rejected, paths.meta):
        path.unlink(missing_ok=True)
    return len(entries)
