"""Stage 6, selection (global): which passing response of each instruction becomes an example.

In: all shards that hold seeds in force. Out: one shard of examples under a recipe that covers the snapshot
of the seeds, with every executed response that was not taken in its rejected file, by rule: seed_gone,
not_passed, unfinished, instruction_too_long, no_definition, vacuous_tests, duplicate, not_chosen.
Shards are read in order and an earlier row always wins over a later duplicate, so that new shards never
take earlier rows out.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import luigi

from pipeline import recipes, session
from pipeline.executions import Executions, read_joined
from pipeline.seeds import scan
from pipeline.stage import PipelineTask
from pipeline.text import rules
from targets import Recipe, ShardPaths, ShardWriter

STAGE = "selection"


def recipe() -> Recipe:
    """The selection's recipe for the snapshot in force."""
    run = session.current()
    return recipes.selection(run.settings, run.recipes["executions"], scan().snapshot.digest)


class Selection(PipelineTask):
    """The selection over a snapshot; `snapshot` is its digest."""

    snapshot = luigi.Parameter(description="digest of the seeds in force")

    def requires(self) -> list[luigi.Task]:
        return [self.clone(Executions, shard=number) for number in scan().shards_in_force]

    @property
    def paths(self) -> ShardPaths:
        run = session.current()
        selected = recipes.selection(run.settings, run.recipes["executions"], self.snapshot)
        return ShardPaths(selected.folder(run.artifacts), 0)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.paths.records))

    def run(self) -> None:
        run = session.current()
        began = time.monotonic()
        recipe().write(run.artifacts)
        # Selecting is quick and must see all candidates in order: an interrupted one starts over.
        self.paths.journal.unlink(missing_ok=True)
        shards = scan().shards_in_force
        total = sum(run.shard("executions", number).read_meta()["kept"] for number in shards)
        selector = Selector(
            scan().snapshot.occurrences,
            run.settings.selection.choose,
            run.settings.selection.max_instruction_words,
        )
        with ShardWriter(self.paths) as writer, run.reporter.stage(STAGE, total) as ticker:
            for number in shards:
                for candidate, rule, evidence in selector.judge(read_joined(run, number)):
                    if rule:
                        writer.reject(candidate["id"], rule, evidence)
                    else:
                        writer.keep(candidate["id"], example(candidate))
                    ticker.advance(not rule)
            writer.publish({"seconds": round(time.monotonic() - began, 3), "shards": shards})


class Selector:
    """Judges candidates, instruction by instruction; remembers digests of the rows taken so far."""

    def __init__(
        self, in_force: dict[str, dict[str, Any]], choose: str, max_instruction_words: int
    ) -> None:
        self._in_force = in_force
        self._rank = _RANKS[choose]
        self._max_instruction_words = max_instruction_words
        self._taken: dict[bytes, str] = {}

    def judge(
        self, candidates: Iterable[dict[str, Any]]
    ) -> Iterator[tuple[dict[str, Any], str, str]]:
        """Each candidate with the rule that drops it ("" when it is taken) and the evidence."""
        for _, group in groupby(candidates, key=lambda item: item["instruction"]["id"]):
            of_instruction = list(group)
            passed = sum(candidate["verdict"]["passed"] for candidate in of_instruction)
            usable = []
            for candidate in of_instruction:
                candidate["samples"] = {"n": len(of_instruction), "passed": passed}
                rule, evidence = self._fault(candidate)
                if rule:
                    yield candidate, rule, evidence
                else:
                    usable.append(candidate)
            yield from self._choose(usable)

    def _choose(self, usable: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, str]]:
        usable.sort(key=self._rank)
        chosen = None
        for candidate in usable:
            if chosen is not None:
                yield candidate, "not_chosen", f"{chosen} was chosen"
                continue
            key = _fingerprint(candidate)
            if key in self._taken:
                yield candidate, "duplicate", f"same instruction and response as {self._taken[key]}"
                continue
            chosen = self._taken[key] = candidate["id"]
            yield {**candidate, "place": self._in_force[candidate["seed"]["id"]]}, "", ""

    def _fault(self, candidate: dict[str, Any]) -> tuple[str, str]:
        """The first rule that a candidate breaks on its own, with the evidence."""
        response = candidate["response"]
        instruction = candidate["instruction"]["instruction"]
        if candidate["seed"]["id"] not in self._in_force:
            return "seed_gone", f"seed {candidate['seed']['id']} is in no source any more"
        if not candidate["verdict"]["passed"]:
            return "not_passed", candidate["verdict"]["status"]
        if found := rules.unfinished(response["response"]):
            return "unfinished", found
        if found := rules.too_long(instruction, self._max_instruction_words):
            return "instruction_too_long", found
        if found := rules.without_definitions(response["code"]):
            return "no_definition", found
        if found := rules.without_executed_assert(response["tests"]):
            return "vacuous_tests", found
        return "", ""


def _by_hash(candidate: dict[str, Any]) -> tuple[Any, ...]:
    """A random order that is the same at every run."""
    return (hashlib.sha256(candidate["id"].encode()).digest(),)


def _by_length(candidate: dict[str, Any]) -> tuple[Any, ...]:
    return (len(candidate["response"]["response"]), candidate["id"])


_RANKS: dict[str, Callable[[dict[str, Any]], tuple[Any, ...]]] = {
    "random": _by_hash,
    "shortest": _by_length,
}


def _fingerprint(candidate: dict[str, Any]) -> bytes:
    text = rules.fingerprint(
        candidate["instruction"]["instruction"] + "\0" + candidate["response"]["response"]
    )
    return hashlib.sha256(text.encode()).digest()


def example(candidate: dict[str, Any]) -> dict[str, Any]:
    """A row of the dataset, but for the model."""
    seed, place, instruction = candidate["seed"], candidate["place"], candidate["instruction"]
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
        },
        "samples": candidate["samples"],
    }
