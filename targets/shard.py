"""Shards: numbered files of records that are written once, and the journal that they grow from.

A shard is four files in a recipe's folder:

    shard-000007.jsonl            the kept records, sorted by id; its existence is the shard's completeness
    shard-000007.rejected.jsonl   what was dropped: id, rule, evidence
    shard-000007.units            for each unit: the checksum of its line in one of the two, what it cost
    shard-000007.meta.json        counts, rejections by rule, what was spent, digests of the other three

Until they are published, `shard-000007.journal` holds each finished unit, under `shard-000007.lease-1`. A
unit is one piece of work with one outcome, kept or rejected; so units in = kept + rejected, always. A
published shard is never written again (`targets/damage.py` repairs a damaged one).
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from targets.atomic import Staged, json_bytes, publish
from targets.journal import Journal, encode, renew
from targets.lease import AlreadyPublished, Lease

_NAME = re.compile(r"^shard-(\d{6})\.jsonl$")


class Damaged(Exception):
    """A published file is not what was published; `damage.faults` finds the extent."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} is damaged: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ShardPaths:
    """The files of shard `number` in a recipe's folder."""

    folder: Path
    number: int

    def _file(self, suffix: str) -> Path:
        return self.folder / f"shard-{self.number:06d}{suffix}"

    @property
    def records(self) -> Path:
        return self._file(".jsonl")

    @property
    def rejected(self) -> Path:
        return self._file(".rejected.jsonl")

    @property
    def meta(self) -> Path:
        return self._file(".meta.json")

    @property
    def units(self) -> Path:
        return self._file(".units")

    @property
    def journal(self) -> Path:
        return self._file(".journal")

    @property
    def command(self) -> Path:
        """The command that last worked on the shard, while it is unfinished."""
        return self._file(".command")

    @property
    def lease(self) -> Path:
        return self._file(".lease")

    def read(self) -> Iterator[dict[str, Any]]:
        """The kept records, in order of id.

        Raises Damaged when they are not those that were published, at the latest after the last one.
        """
        digest = hashlib.sha256()
        with open(self.records, "rb") as file:
            for line in file:
                digest.update(line)
                try:
                    yield orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise Damaged(self.records, f"not valid JSON ({error})") from None
        if digest.hexdigest() != self.read_meta().get("records_sha256"):
            raise Damaged(self.records, "it has changed since it was published")

    def read_meta(self) -> dict[str, Any]:
        """The counts of a published shard. Raises Damaged."""
        try:
            meta: dict[str, Any] = orjson.loads(self.meta.read_bytes())
        except FileNotFoundError:
            raise Damaged(self.meta, "it is missing") from None
        except orjson.JSONDecodeError as error:
            raise Damaged(self.meta, f"not valid JSON ({error})") from None
        return meta

    @staticmethod
    def published(folder: Path) -> list[ShardPaths]:
        """The complete shards of a folder, by number."""
        if not folder.is_dir():
            return []
        matches = (_NAME.match(path.name) for path in folder.iterdir())
        return [ShardPaths(folder, number) for number in sorted(int(match[1]) for match in matches if match)]


class ShardWriter:
    """Collects the outcomes of a shard's units in its journal and publishes them when all are there.

    `done` has the units that an unfinished shard's journal holds already; with `resume` False the journal is
    discarded. `spent` values (tokens, seconds) are summed over all units, once each however often the work
    was interrupted.

    `command` is stored beside the journal until the shard is published, so that an unfinished one can be traced.

    Waits while another process works on the shard. Raises AlreadyPublished when the shard is published.
    """

    def __init__(self, paths: ShardPaths, resume: bool = True, command: str = "") -> None:
        self.paths = paths
        self._lease = Lease(paths.lease, finished=paths.records.exists)
        try:
            if paths.records.exists():
                raise AlreadyPublished(str(paths.records))
            if not resume:
                paths.journal.unlink(missing_ok=True)
            self.damaged = renew(paths.journal)
            self._journal = Journal(paths.journal)
            if command:
                publish(paths.command, [command.encode(errors="replace")])
        except BaseException:
            self._lease.release()
            raise
        self.done: set[str] = {entry["id"] for entry in self._journal.records()}
        self.resumed = len(self.done)

    def keep(self, unit: str, record: dict[str, Any], spent: Mapping[str, float] | None = None) -> None:
        """The unit's outcome is a record, which must carry its own `id`."""
        self._append({"id": unit, "record": record, "spent": spent or {}})

    def reject(
        self,
        unit: str,
        rule: str,
        evidence: str,
        spent: Mapping[str, float] | None = None,
        **whole: str,
    ) -> None:
        """The unit's outcome is a rejection under a rule, with the evidence for it.

        `whole` is the rejected text, under the name of its field.
        """
        rejection = {"id": unit, "rule": rule, "evidence": evidence, **whole}
        self._append({"id": unit, "rejection": rejection, "spent": spent or {}})

    def _append(self, entry: dict[str, Any]) -> None:
        if self._lease.lost:
            self._lease.check()
        self._journal.append(entry)
        self.done.add(entry["id"])

    def publish(self, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the shard's files from the journal, remove the journal, return the meta document.

        Raises LeaseLost when another process has taken over the shard.
        """
        kept: dict[str, int] = {}
        rejected: dict[str, int] = {}
        rules: Counter[str] = Counter()
        carried: Counter[str] = Counter()
        spent: Counter[str] = Counter()
        for offset, entry in self._journal.located():
            if entry["id"] in kept or entry["id"] in rejected:
                continue
            if "record" in entry:
                kept[entry["id"]] = offset
            else:
                rejected[entry["id"]] = offset
                rules[entry["rejection"]["rule"]] += 1
            if "carried_from" in entry:
                carried[entry["carried_from"]] += 1
            spent.update(entry["spent"])
        self._lease.check()
        rejected_digest = publish(self.paths.rejected, self._lines(rejected))
        units_digest = publish(self.paths.units, self._units([*kept.values(), *rejected.values()]))
        records = Staged(self.paths.records, self._lines(kept))
        try:
            meta = {
                "shard": self.paths.number,
                "units": len(kept) + len(rejected),
                "kept": len(kept),
                "rejected": len(rejected),
                "rules": dict(sorted(rules.items())),
                "spent": {key: round(value, 3) for key, value in sorted(spent.items())},
                "carried": dict(sorted(carried.items())),
                **(extra or {}),
                "records_sha256": records.digest,
                "rejected_sha256": rejected_digest,
                "units_sha256": units_digest,
            }
            publish(self.paths.meta, [json_bytes(meta)])
            # The records come last: their existence implies that everything else exists.
            self._lease.check()
            records.commit()
        except BaseException:
            records.discard()
            raise
        self.paths.command.unlink(missing_ok=True)
        self._journal.remove()
        self._lease.release()
        return meta

    def _lines(self, offsets: Mapping[str, int]) -> Iterator[bytes]:
        """The lines of a published file, in order of id."""
        in_order = (offsets[unit] for unit in sorted(offsets))
        return (outcome_line(entry) + b"\n" for entry in self._journal.at(in_order))

    def _units(self, offsets: list[int]) -> Iterator[bytes]:
        for entry in self._journal.at(offsets):
            yield encode(
                {
                    "id": entry["id"],
                    "crc": zlib.crc32(outcome_line(entry)),
                    "spent": entry["spent"],
                    **({"carried_from": entry["carried_from"]} if "carried_from" in entry else {}),
                }
            )

    def close(self) -> None:
        self._journal.close()
        self._lease.release()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def outcome_line(entry: Mapping[str, Any]) -> bytes:
    """The line, without its end, that a journal entry becomes in the records or the rejected file."""
    return orjson.dumps(entry["record"] if "record" in entry else entry["rejection"])
