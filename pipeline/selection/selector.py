"""Which candidates become rows: the rules of the selection, applied in order of quality.

A batch of candidates (a shard, or all of them) is judged best first. So of near-duplicates in a batch the
best stays, and an instruction's next best response is tried when a better one falls to a rule. Rows taken
from earlier batches stay whatever comes later. Every candidate gets exactly one fate: taken, or a rule and
the evidence for it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from pipeline.selection import rules
from pipeline.selection.balance import Caps, measured_difficulty
from pipeline.text.nearduplicates import NearDuplicateRows
from pipeline.text.normalise import fingerprint

Candidate = dict[str, Any]
Fate = tuple[
    Candidate, str, str
]  # the candidate, the rule that drops it ("" when taken), the evidence


class Selector:
    """Judges batches of candidates; remembers the rows taken so far.

    `in_force` has the place of every seed that is in a source now; `settings` is the [selection] section.
    """

    def __init__(self, in_force: Mapping[str, dict[str, Any]], settings: Any) -> None:
        self._in_force = in_force
        self._among = settings.among
        self._rank = _RANKS[settings.choose]
        self._max_instruction_words = settings.max_instruction_words
        self._max_same_names = settings.max_same_names
        self._near = (
            NearDuplicateRows(settings.near_duplicates) if settings.near_duplicates < 1 else None
        )
        self._caps = Caps(
            {
                "concept": settings.max_per_concept,
                "category": settings.max_per_category,
                "difficulty": settings.max_per_difficulty,
            }
        )
        self._chosen: dict[str, str] = {}
        self._texts: dict[bytes, str] = {}
        self._names: dict[frozenset[str], list[str]] = {}

    def judge(self, batch: Iterable[Candidate]) -> Iterator[Fate]:
        """The fate of each candidate of a batch."""
        places = []
        # A million candidates do not fit into memory: they wait in a file until their turn.
        with tempfile.TemporaryFile() as waiting:
            for candidate in batch:
                rule, evidence = self._fault(candidate)
                if rule:
                    yield candidate, rule, evidence
                    continue
                places.append((self._rank(candidate), waiting.tell()))
                waiting.write(orjson.dumps(candidate, option=orjson.OPT_APPEND_NEWLINE))
            for _, place in sorted(places):
                waiting.seek(place)
                yield self._place(orjson.loads(waiting.readline()))

    def _fault(self, candidate: Candidate) -> tuple[str, str]:
        """The first rule that a candidate breaks on its own, with the evidence."""
        response = candidate["response"]
        instruction = candidate["instruction"]["instruction"]
        if candidate["seed"]["id"] not in self._in_force:
            return "seed_gone", f"seed {candidate['seed']['id']} is in no source any more"
        passed = candidate["verdict"]["passed"]
        if not passed and self._among == "passing":
            return "not_passed", candidate["verdict"]["status"]
        if passed and self._among == "failing":
            return "passed", candidate["verdict"]["status"]
        if found := rules.unfinished(response["response"]):
            return "unfinished", found
        if found := rules.too_long(instruction, self._max_instruction_words):
            return "instruction_too_long", found
        if found := rules.without_definitions(response["code"]):
            return "no_definition", found
        if found := rules.without_executed_assert(response["tests"]):
            return "no_executed_assert", found
        return "", ""

    def _place(self, candidate: Candidate) -> Fate:
        """Take a sound candidate, or drop it for a row that was taken before."""
        id, group = candidate["id"], candidate["instruction"]["id"]
        if group in self._chosen:
            return candidate, "not_chosen", f"{self._chosen[group]} was chosen"
        row = example(candidate, self._in_force[candidate["seed"]["id"]])
        key = _fingerprint(row)
        if key in self._texts:
            return candidate, "duplicate", f"same instruction and response as {self._texts[key]}"
        parts = (row["instruction"], row["response"], candidate["response"]["code"])
        if self._near is not None and (match := self._near.find(*parts)):
            return candidate, "near_duplicate", match.evidence
        names = rules.defined_names(candidate["response"]["code"]) if self._max_same_names else ()
        for same in names:
            if len(users := self._names.get(same, [])) >= self._max_same_names:
                return candidate, "names_taken", f"{', '.join(sorted(same))}: {', '.join(users)}"
        if full := self._caps.full(row):
            return candidate, "cap", full
        self._chosen[group] = self._texts[key] = id
        if self._near is not None:
            self._near.add(id, *parts)
        for same in filter(None, names):
            self._names.setdefault(same, []).append(id)
        self._caps.add(row)
        return row, "", ""


def example(candidate: Candidate, place: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the dataset, but for the model and the weight."""
    seed, instruction, samples = candidate["seed"], candidate["instruction"], candidate["samples"]
    return {
        "id": candidate["id"],
        "instruction": instruction["instruction"],
        "response": candidate["response"]["response"],
        "tests": candidate["response"]["tests"],
        "concepts": instruction["concepts"],
        "category": instruction["category"],
        "difficulty": instruction["difficulty"],
        "seed": {
            "id": seed["id"],
            "source": place["source"],
            "path": place["path"],
            "name": place["name"],
            "lines": place["lines"],
            "digest": seed["digest"],
            "licence": place["licence"],
            "repository": place["repository"],
            "revision": place["revision"],
        },
        "samples": samples,
        "verification": {
            key: candidate["verification"][key]
            for key in ("asserts", "functions", "mutants", "killed", "agreement")
        },
        "measured_difficulty": measured_difficulty(samples["passed"], samples["n"]),
    }


def _by_quality(candidate: Candidate) -> tuple[Any, ...]:
    """The best first: by agreement, then by the strength of its tests, then by brevity."""
    return (*_by_verification(candidate), *_by_length(candidate))


def _by_quality_alone(candidate: Candidate) -> tuple[Any, ...]:
    """The best first, and no preference for short ones: equals are drawn."""
    return (*_by_verification(candidate), *_by_hash(candidate))


def _by_verification(candidate: Candidate) -> tuple[float, float]:
    verified = candidate["verification"]
    strength = (verified["killed"] or 0) / (verified["mutants"] or 1)
    return -verified["agreement"], -strength


def _by_hash(candidate: Candidate) -> tuple[Any, ...]:
    """A random order that is the same at every run."""
    return (hashlib.sha256(candidate["id"].encode()).digest(),)


def _by_length(candidate: Candidate) -> tuple[Any, ...]:
    return (len(candidate["response"]["response"]), candidate["id"])


_RANKS: dict[str, Callable[[Candidate], tuple[Any, ...]]] = {
    "best": _by_quality,
    "verified": _by_quality_alone,
    "random": _by_hash,
    "shortest": _by_length,
}


def _fingerprint(row: Mapping[str, Any]) -> bytes:
    text = fingerprint(row["instruction"] + "\0" + row["response"])
    return hashlib.sha256(text.encode()).digest()
