"""Where a run stands, as one JSON document: `artifacts/status.json`, for `status` and for monitors.

In: the files of the stages. Finished shards are counted from their meta files, shards at work from their
journals, each line once; so work of an earlier run, or of another worker on the same folder, counts as
well. Out: a document with state, stages, rates, time left, last rejections and last error. What is not
promised: the time left before every stage has run for a while, and durability, a status is of the moment.
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

from targets import ShardPaths
from targets.atomic import json_bytes, temporary_beside
from targets.journal import read_from

RECENT = 10  # rejections that a status shows


@dataclass
class Counts:
    """Units of a stage: done = kept + rejected; `fresh` of them, with `fresh_tokens`, took `seconds`."""

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
        for name in ("done", "kept", "tokens", "seconds", "fresh", "fresh_tokens"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.passed is not None:
            self.passed = (self.passed or 0) + other.passed
        self.rules.update(other.rules)

    def document(self) -> dict[str, Any]:
        """The counts with their rates; a rate that nothing was measured for is null."""
        timed = self.fresh > 0 and self.seconds > 0
        return {
            "expected": max(self.expected, self.done),
            "done": self.done,
            "kept": self.kept,
            "rejected": self.done - self.kept,
            "rules": dict(self.rules.most_common()),
            "passed": self.passed,
            "new_tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "per_second": round(self.fresh / self.seconds, 3) if timed else None,
            "tokens_per_second": round(self.fresh_tokens / self.seconds, 1) if timed else None,
        }


class Funnel:
    """The counts of a run's sharded stages, read from their files; `refresh` reads what is new.

    `folders` are the stages' recipe folders in the order of the pipeline, `shards` the numbers that the
    run is made of, `seeds` how many seeds these hold, `samples` the responses of an instruction.
    """

    def __init__(
        self, folders: Mapping[str, Path], shards: Sequence[int], seeds: int, samples: int
    ) -> None:
        self.recent: deque[dict[str, str]] = deque(maxlen=RECENT)
        self.seeds = seeds
        self._folders = folders
        self._shards = shards
        self._samples = samples
        self._published: dict[tuple[str, int], Counts] = {}
        self._at_work: dict[tuple[str, int], _Followed] = {}

    def refresh(self, timed: Mapping[str, Counts]) -> dict[str, Counts]:
        """The counts by stage; `timed` has seconds and fresh units of the shards at work here."""
        result = {}
        expected = float(self.seeds)
        for stage, folder in self._folders.items():
            total = Counts()
            names = set(os.listdir(folder)) if folder.is_dir() else set()
            for number in self._shards:
                total.add(self._shard(stage, ShardPaths(folder, number), names))
            total.add(timed.get(stage, Counts()))
            expected *= self._samples if stage == "responses" else 1
            total.expected = round(expected)
            # What is not done yet is taken to be kept at the rate so far.
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
            self._published[key] = _from_files(stage, paths)
            return self._published[key]
        if paths.journal.name in names:
            followed.read(stage, paths.journal, self.recent)
        return followed.counts


class _Followed:
    """The journal of a shard at work, read as far as it was written."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._offset = 0

    def read(self, stage: str, journal: Path, recent: deque[dict[str, str]]) -> None:
        try:
            entries, self._offset = read_from(journal, self._offset)
        except FileNotFoundError:  # published this moment
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


def _from_files(stage: str, paths: ShardPaths) -> Counts:
    meta = paths.read_meta()
    fresh = meta["units"] - meta.get("resumed", 0)
    tokens = int(meta["spent"].get("new_tokens", 0))
    passed = sum(record["passed"] for record in paths.read()) if stage == "executions" else None
    return Counts(
        done=meta["units"],
        kept=meta["kept"],
        tokens=tokens,
        passed=passed,
        seconds=meta.get("seconds", 0.0),
        fresh=fresh,
        fresh_tokens=round(tokens * fresh / meta["units"]) if meta["units"] else 0,
        rules=Counter(meta["rules"]),
    )


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
    """Replace the status file. One that cannot be written is no reason to stop: it is left as it was."""
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
