"""The rejected records that the report shows: some of each rule in each stage, with the texts that they are about.

In: the rejections of the shards that a dataset was made from, and the records of the stages before. Out: for each
rejection that is shown its evidence, and whatever there is of seed, instruction, response, tests, verdict and dropped
completion. Texts that hold a secret or personal data are left out.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from pipeline import joined
from pipeline.records import instruction_of
from pipeline.text import private
from pipeline.text.paths import published_text
from targets import Artifacts

MOST = 100  # records of a rule in a stage
_CHARS = 20_000  # of a text
_PRIVATE = "The texts hold a secret or personal data: they are not shown."
# What a stage's record adds to a rejection: the name of the field here, by its name there.
_OF_STAGE = {
    "seeds": {"name": "name", "path": "path", "lines": "lines", "code": "seed"},
    "instructions": {"instruction": "instruction"},
    "responses": {"response": "response", "tests": "tests"},
    "executions": {"status": "verdict", "detail": "detail", "stderr": "stderr"},
}


@dataclass(slots=True)
class Sample:
    """Up to MOST rejections of each stage and rule, with the lowest hashes of their ids: in every run the same ones."""

    _lowest: dict[tuple[str, str], list[tuple[int, str, dict[str, Any]]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, stage: str, rejection: dict[str, Any]) -> None:
        """Take in one rejection of a stage."""
        id = rejection["id"]
        digest = blake2b(f"{stage}/{id}".encode(errors="replace"), digest_size=8).digest()
        item = (-int.from_bytes(digest, "big"), id, rejection)
        lowest = self._lowest[stage, rejection["rule"]]
        if len(lowest) < MOST:
            heapq.heappush(lowest, item)
        elif item[:2] > lowest[0][:2]:
            heapq.heapreplace(lowest, item)

    def chosen(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rejections with their stages: by rule in the order in which rules were met, and by id."""
        for (stage, _), lowest in self._lowest.items():
            for _, _, rejection in sorted(lowest, key=lambda item: item[1]):
                yield stage, rejection


def rejected_records(
    artifacts: Artifacts, shards: Iterable[int], sample: Sample, labels: Collection[str]
) -> list[dict[str, Any]]:
    """The records of a sample, with the texts that they are about.

    `labels` are the entries of `[seeds] sources`, of which only the last names are shown. Raises Damaged.
    """
    chosen = list(sample.chosen())
    wanted = {id for _, rejection in chosen for id in (rejection["id"], instruction_of(rejection["id"]))}
    about: dict[str, dict[str, Any]] = defaultdict(dict)
    for number in shards:
        for stage, names in _OF_STAGE.items():
            for record in joined.read(artifacts, stage, number):
                if record["id"] in wanted:
                    found = about[record["id"]]
                    found.update({name: record[key] for key, name in names.items() if record.get(key)})
    return [_record(stage, rejection, about, labels) for stage, rejection in chosen]


def _record(
    stage: str, rejection: dict[str, Any], about: dict[str, dict[str, Any]], labels: Collection[str]
) -> dict[str, Any]:
    id, evidence = rejection["id"], _as_text(rejection["evidence"])
    known = {**about.get(instruction_of(id), {}), **about.get(id, {})}
    if stage == "seeds":
        id, evidence = published_text(id, labels), published_text(evidence, labels)
    if "path" in known:
        known["path"] = published_text(known["path"], labels)
    if completion := rejection.get("completion"):
        known["completion"] = completion
    texts = {key: value[:_CHARS] if isinstance(value, str) else value for key, value in known.items()}
    record = {"id": id, "stage": stage, "rule": rejection["rule"], "evidence": evidence}
    # The evidence of these rules does not quote what was found.
    if rejection["rule"] in private.RULES or private.rule_of("\n".join(map(str, texts.values()))):
        return {**record, "note": _PRIVATE}
    return {**record, **texts}


def _as_text(evidence: Any) -> str:
    text = evidence if isinstance(evidence, str) else orjson.dumps(evidence).decode()
    return text[:_CHARS]
