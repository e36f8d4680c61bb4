"""Waves of samples: more responses are drawn only to the instructions whose evidence is not enough yet.

After a wave the responses of each instruction are verified, just as the stage `verifications` verifies them later. An
instruction is settled when one of them holds and another sample agrees with it both ways: each passes the tests of the
other. Its remaining samples are rejected as `not_drawn`, at no cost in tokens. These rejections are the decision
itself, in the journal: an interrupted shard goes on by it, and draws the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.records import Rejection, Rules, instruction_of
from pipeline.stages.stage import Outcome
from pipeline.stages.verified import programs, verified
from sandbox.falsification import Claim
from targets.journal import read_journal

NOT_DRAWN = "not_drawn"
RULES: Rules = {
    NOT_DRAWN: "Earlier responses to the instruction agree: the sample was not drawn, and cost nothing (`samples`)."
}

_FAULT = "not_verified"  # of the machine: it says nothing about the response


class Waves:
    """The waves of one shard, whose outcomes are in `journal`."""

    def __init__(self, project: Project, journal: Path, say: Callable[[str], None]) -> None:
        self._project, self._journal, self._say = project, journal, say
        self._broken: set[str] = set()  # responses that do not hold, whatever other samples there are

    def done(self) -> frozenset[str]:
        """The ids of the samples that are drawn, or need not be."""
        return frozenset(entry["id"] for entry in read_journal(self._journal))

    def end(self, samples: Mapping[str, Sequence[str]], drawn: int) -> Iterator[Outcome]:
        """The samples that need not be drawn, once the first `drawn` of each instruction are.

        `samples` has the ids of all samples of each instruction.
        """
        entries = {entry["id"]: entry for entry in read_journal(self._journal)}
        settled, undecided = {}, []
        for instruction, ids in samples.items():
            later = [entries[id] for id in ids[drawn:] if id in entries]
            decided = [entry["rejection"] for entry in later if "rejection" in entry]
            if ended := next((one["evidence"] for one in decided if one["rule"] == NOT_DRAWN), None):
                settled[instruction] = ended
            elif not later:
                first = [entries[id] for id in ids[:drawn] if id in entries]
                undecided.append([entry["record"] for entry in first if "record" in entry])
        settled |= self._settled([group for group in undecided if len(group) > 1])
        for instruction, evidence in settled.items():
            for id in samples[instruction][drawn:]:
                if id not in entries:
                    yield Outcome(id, Rejection(NOT_DRAWN, evidence))

    def _settled(self, groups: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, str]:
        """The instructions that need no more responses, with the evidence; a group has the responses to one."""
        section = self._project.settings.verification
        ids = {record["id"] for group in groups for record in group} - self._broken
        if not ids:
            return {}
        found: dict[str, tuple[str, str]] = {}
        claims: dict[str, Claim] = {}
        with open_pool(self._project, self._say, section.timeout) as pool:
            for outcome in verified(pool, programs(groups, ids, section, claims), claims):
                result = outcome.result
                if isinstance(result, Rejection):
                    if result.rule != _FAULT:
                        self._broken.add(outcome.unit)
                elif agreeing := set(result["agrees"]).intersection(result["supports"]):
                    pair = outcome.unit, min(agreeing)
                    instruction = instruction_of(outcome.unit)
                    found[instruction] = min(pair, found.get(instruction, pair))
        return {
            instruction: f"{holds} and {other} pass each other's tests"
            for instruction, (holds, other) in sorted(found.items())
        }
