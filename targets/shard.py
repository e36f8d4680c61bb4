"""Shards: numbered files of records that are written once, and the journal that they grow from.

A shard is three files in a recipe's folder:

    shard-000007.jsonl            the kept records, sorted by id; its existence is the shard's completeness
    shard-000007.rejected.jsonl   what was dropped: id, rule, evidence
    shard-000007.meta.json        counts, rejections by rule, what was spent, digests of the other two

Until they are published, `shard-000007.journal` holds each finished unit. A unit is one piece of work
with one outcome, kept or rejected; so units in = kept + rejected, always.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from targets.atomic import json_bytes, jsonl_lines, publish, read_jsonl
from targets.journal import Journal

_NAME = re.compile(r"^shard-(\d{6})\.jsonl$")


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
    def journal(self) -> Path:
        return self._file(".journal")

    def read(self) -> Iterator[dict[str, Any]]:
        """The kept records, in order of id."""
        return read_jsonl(self.records)

    def read_meta(self) -> dict[str, Any]:
        """The counts of a published shard."""
        meta: dict[str, Any] = orjson.loads(self.meta.read_bytes())
        return meta

    @staticmethod
    def published(folder: Path) -> list[ShardPaths]:
        """The complete shards of a folder, by number."""
        if not folder.is_dir():
            return []
        matches = (_NAME.match(path.name) for path in folder.iterdir())
        return [
            ShardPaths(folder, number)
            for number in sorted(int(match[1]) for match in matches if match)
        ]


class ShardWriter:
    """Collects the outcomes of a shard's units in its journal and publishes them when all are there.

    Reopening an unfinished shard finds what is done in `done`. `spent` values (tokens, seconds) are
    summed over all units, once each however often the work was interrupted.
    """

    def __init__(self, paths: ShardPaths) -> None:
        self.paths = paths
        self._journal = Journal(paths.journal)
        self.done: set[str] = {entry["id"] for entry in self._journal.records()}
        self.resumed = len(self.done)
        self.damaged = self._journal.damaged

    def keep(
        self, unit: str, record: dict[str, Any], spent: Mapping[str, float] | None = None
    ) -> None:
        """The unit's outcome is a record, which must carry its own `id`."""
        self._journal.append({"id": unit, "record": record, "spent": spent or {}})
        self.done.add(unit)

    def reject(
        self, unit: str, rule: str, evidence: str, spent: Mapping[str, float] | None = None
    ) -> None:
        """The unit's outcome is a rejection under a rule, with the evidence for it."""
        rejection = {"id": unit, "rule": rule, "evidence": evidence}
        self._journal.append({"id": unit, "rejection": rejection, "spent": spent or {}})
        self.done.add(unit)

    def publish(self, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the shard's files from the journal, remove the journal, return the meta document."""
        kept: dict[str, dict[str, Any]] = {}
        rejected: dict[str, dict[str, Any]] = {}
        spent: Counter[str] = Counter()
        for entry in self._journal.records():
            if entry["id"] in kept or entry["id"] in rejected:
                continue
            if "record" in entry:
                kept[entry["id"]] = entry["record"]
            else:
                rejected[entry["id"]] = entry["rejection"]
            spent.update(entry["spent"])
        rejected_digest = publish(
            self.paths.rejected, jsonl_lines(rejected[unit] for unit in sorted(rejected))
        )
        lines = list(jsonl_lines(kept[unit] for unit in sorted(kept)))
        meta = {
            "shard": self.paths.number,
            "units": len(kept) + len(rejected),
            "kept": len(kept),
            "rejected": len(rejected),
            "rules": dict(sorted(Counter(item["rule"] for item in rejected.values()).items())),
            "spent": {key: round(value, 3) for key, value in sorted(spent.items())},
            **(extra or {}),
            "records_sha256": hashlib.sha256(b"".join(lines)).hexdigest(),
            "rejected_sha256": rejected_digest,
        }
        # The records come last: their existence says that everything else is there.
        publish(self.paths.meta, [json_bytes(meta)])
        publish(self.paths.records, lines)
        self._journal.remove()
        return meta

    def close(self) -> None:
        self._journal.close()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
