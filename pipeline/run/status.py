"""The state of a run as one JSON document: `artifacts/status.json`, for `status` and for monitors.

In: the files of the stages. Finished shards are counted from their meta files, shards at work from their
journals, each line once; so work of an earlier run, or of another worker on the same folder, counts as
well. Out: a document with state, stages, rates, time left, last rejections and last error. Not promised:
the time left before every stage has run for a while, and durability.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from targets import Damaged, ShardPaths
from targets.atomic import json_bytes, temporary_beside
from targets.journal import read_from

RECENT = 10  # rejections in a status document


@dataclass
class Counts:
    """Units of a stage: done = kept + rejected; `fresh` of them took `seconds`.

    `fresh_tokens` were written in that time, those of unfinished completions included.
    """

    expected: int = 0
    done: int = 0
    kept: int = 0
    tokens: int = 0
    passed: int | None = None
    seconds: float = 0.0
    fresh: int = 0
    fresh_tokens: int = 0
    rules: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        """Add the counts of another part of the same stage; `expected` stays."""
        for name in ("done", "kept", "tokens", "seconds", "fresh", "fresh_tokens"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.passed is not None:
            self.passed = (self.passed or 0) + other.passed
        self.rules.update(other.rules)

    def document(self) -> dict[str, Any]:
        """The counts with their rates; a rate without a measurement is null."""
        timed = self.fresh > 0 and self.seconds > 0
        written = self.fresh_tokens / self.seconds if self.seconds > 0 else 0.0
        return {
            "expected": max(self.expected, self.done),
            "done": self.done,
            "kept": self.kept,
            "rejected": self.done - self.kept,
            "rules": dict(self.rules.most_common()),
            "passed": self.passed,
            "new_tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "per_second": round(self.fresh / self.seconds, 6) if timed else None,
            "tokens_per_second": round(written, 1) if timed or written else None,
        }


class Funnel:
    """The counts of a run's sharded stages, read from their files; `refresh` reads only what was added.

    `folders` are the stages' recipe folders in the order of the pipeline, `fan_out` how many units of a stage
    one record of the stage before makes (1 where it is not named), `shards` the numbers of the run's shards,
    `seeds` how many seeds these hold.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        fan_out: Mapping[str, int],
        shards: Sequence[int],
        seeds: int,
    ) -> None:
        self.recent: deque[dict[str, str]] = deque(maxlen=RECENT)
        self.seeds = seeds
        self._folders = folders
        self.shards = list(shards)
        self._fan_out = fan_out
        self._published: dict[tuple[str, int], Counts] = {}
        self._at_work: dict[tuple[str, int], _Followed] = {}

    def refresh(self, timed: Mapping[str, Counts]) -> dict[str, Counts]:
        """The counts by stage; `timed` has seconds and fresh units of the shards at work in this process."""
        result = {}
        expected = float(self.seeds)
        for stage, folder in self._folders.items():
            total = Counts()
            names = set(os.listdir(folder)) if folder.is_dir() else set()
            for number in self.shards:
                total.add(self._shard(stage, ShardPaths(folder, number), names))
            total.add(timed.get(stage, Counts()))
            expected *= self._fan_out.get(stage, 1)
            total.expected = round(expected)
            # Units that are not done yet are assumed to be kept at the rate so far.
            expected *= total.kept / total.done if total.done else 1
            result[stage] = total
        return result

    def _shard(self, stage: str, paths: ShardPaths, names: set[str]) -> Counts:
        key = (stage, paths.number)
        if key in self._published:
            return self._published[key]
        followed = self._at_work.setdefault(key, _Followed())
        if paths.records.name in names:
            followed.read(stage, paths.journal, self.recent)
            del self._at_work[key]
            self._published[key] = _from_files(paths)
            return self._published[key]
        if paths.journal.name in names:
            followed.read(stage, paths.journal, self.recent)
        return followed.counts


class _Followed:
    """The journal of a shard at work, read incrementally."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._offset = 0

    def read(self, stage: str, journal: Path, recent: deque[dict[str, str]]) -> None:
        """Count the lines that were added since the last call; append their rejections to `recent`."""
        try:
            entries, self._offset = read_from(journal, self._offset)
        except FileNotFoundError:  # published meanwhile
            return
        for entry in entries:
            counts = self.counts
            counts.done += 1
            counts.tokens += entry["spent"].get("new_tokens", 0)
            if "record" in entry:
                counts.kept += 1
                if "passed" in entry["record"]:
                    counts.passed = (counts.passed or 0) + entry["record"]["passed"]
            else:
                rejection = entry["rejection"]
                counts.rules[rejection["rule"]] += 1
                recent.append(
                    {
                        "stage": stage,
                        "id": rejection["id"],
                        "rule": rejection["rule"],
                        "evidence": str(rejection["evidence"])[:200],
                    }
                )


def _from_files(paths: ShardPaths) -> Counts:
    meta = paths.read_meta()
    fresh = meta["units"] - meta.get("resumed", 0)
    tokens = int(meta["spent"].get("new_tokens", 0))
    return Counts(
        done=meta["units"],
        kept=meta["kept"],
        tokens=tokens,
        passed=_passed(paths),
        seconds=meta.get("seconds", 0.0),
        fresh=fresh,
        fresh_tokens=round(tokens * fresh / meta["units"]) if meta["units"] else 0,
        rules=Counter(meta["rules"]),
    )


def _passed(paths: ShardPaths) -> int | None:
    """How many programs passed; None for a shard whose records are no verdicts, or that cannot be read."""
    with suppress(Damaged):
        records = paths.read()
        first = next(records, None)
        if first is not None and "passed" in first:
            return int(first["passed"] + sum(record["passed"] for record in records))
    return None


def seconds_left(stages: Mapping[str, Counts]) -> float | None:
    """Seconds until all expected units are done at the rates so far; None while a rate is unknown."""
    total = 0.0
    for counts in stages.values():
        missing = counts.expected - counts.done
        if missing > 0:
            if not counts.fresh:
                return None
            total += missing * counts.seconds / counts.fresh
    return total


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Replace the status file; leave it as it is where it cannot be written, which must not stop a run."""
    temporary = temporary_beside(path)
    with suppress(OSError):
        temporary.write_bytes(json_bytes(document))
        os.replace(temporary, path)


def read(path: Path) -> dict[str, Any] | None:
    """The status file's document; None when there is none yet."""
    try:
        document: dict[str, Any] = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return document
