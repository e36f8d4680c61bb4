"""Decides which candidates become rows: applies the rules of the selection in order of quality.

A batch of candidates (a shard, or all of them) is judged best first. So of near-duplicates in a batch the
best stays, and an instruction's next best response is tried when a rule drops a better one. Of an instruction that may
have several rows the second is taken once every instruction of the batch had its turn, and so on. Rows taken from
earlier batches stay whatever comes later. What the model was shown counts as taken: a row that repeats an exemplar of
the prompts is none of its own. Every candidate gets exactly one fate: taken, or rejected by a rule
with the evidence for it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from pipeline.extensions import UserFunction
from pipeline.prompts.exemplars import Exemplar
from pipeline.records import Candidate, Rejection, RowSeed, Seed, Selected
from pipeline.selection import rules
from pipeline.selection.balance import Caps, measured_difficulty
from pipeline.selection.by_hand import ByHand
from pipeline.selection.order import Order
from pipeline.selection.similar_rows import SimilarRows
from pipeline.text import private
from pipeline.text.normalise import fingerprint
from pipeline.text.paths import published_name, without_folders
from pipeline.text.structure import structure

if TYPE_CHECKING:
    from pipeline.config import sections

# Where a seed stands in the sources now: its source, path, name, lines, licence, repository and revision.
Place = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of the candidate `id`: the row that it is taken as, or its rejection."""

    id: str
    outcome: Selected | Rejection


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A candidate that breaks no rule of its own: `place` is where in the file it lies."""

    id: str
    instruction_id: str
    place: int


@dataclass(frozen=True, slots=True)
class _Offer:
    """A candidate that breaks no rule of its own, with all that is compared with earlier rows."""

    row: Selected
    instruction_id: str
    code: str
    shape: bytes
    names: tuple[frozenset[str], ...]
    fingerprint: bytes

    @property
    def texts(self) -> tuple[str, str, str]:
        return self.row["instruction"], self.row["response"], self.code


class Selector:
    """Judges batches of candidates, and compares each with the rows taken so far.

    `places` has the place of every current seed; `settings` is the [selection] section. `user_rules` are applied after
    the pipeline's own. With a `score` the response with the highest one is the best, and `choose` orders equals.
    `by_hand` is what a person took out. With `most` no more rows are taken. `shown` are the exemplars of the prompts.
    """

    def __init__(
        self,
        places: Mapping[str, Place],
        settings: sections.selection,
        user_rules: Sequence[UserFunction] = (),
        score: UserFunction | None = None,
        by_hand: ByHand | None = None,
        most: int = 0,
        shown: Iterable[Exemplar] = (),
    ) -> None:
        self._most = most
        self._by_hand = by_hand or ByHand()
        self._places = places
        self._user_rules = user_rules
        self._score = score
        self._criteria = rules.Criteria(
            places, settings.among, settings.max_instruction_words, settings.min_agreement, settings.trivial
        )
        self._choose, self._then = settings.choose, settings.then
        self._max_same_names = settings.max_same_names
        self._near = SimilarRows(settings.near_duplicates) if settings.near_duplicates < 1 else None
        self._shown = SimilarRows(settings.near_duplicates)
        for exemplar in shown:
            self._shown.add(exemplar.name, exemplar.instruction, exemplar.response, exemplar.code)
        self._caps = Caps(
            {
                "concept": settings.max_per_concept,
                "category": settings.max_per_category,
                "difficulty": settings.max_per_difficulty,
            }
        )
        self._per_instruction = settings.per_instruction
        self._taken = 0
        self._rows: dict[str, dict[bytes, str]] = {}  # of each instruction, by the shape of their code
        self._fingerprints: dict[bytes, str] = {}
        # By a set of names: the instructions that have rows which define it, and the first of these rows.
        self._users: dict[frozenset[str], dict[str, str]] = {}

    def judge(self, batch: Iterable[Candidate]) -> Iterator[Fate]:
        """The fate of each candidate of a batch."""
        offers: list[tuple[float, _Waiting]] = []
        order = Order(self._choose, self._then)
        # A million candidates do not fit into memory: they are kept in a file until they are judged.
        with tempfile.TemporaryFile() as file:
            for candidate in batch:
                if rejection := self._fault(candidate):
                    yield Fate(candidate["id"], rejection)
                    continue
                score = self._score.number(candidate) if self._score else 0.0
                if isinstance(score, Rejection):
                    yield Fate(candidate["id"], score)
                    continue
                place = file.tell()
                one = _Waiting(candidate["id"], candidate["instruction"]["id"], place)
                offers.append((-score, one))
                order.add(candidate)
                file.write(orjson.dumps(candidate, option=orjson.OPT_APPEND_NEWLINE))
            keyed = zip(offers, order.keys(), strict=True)
            waiting = [one for _, one in sorted(((score, *key, one.place), one) for (score, one), key in keyed)]
            for most in range(1, self._per_instruction + 1):
                later = []
                for one in waiting:
                    if len(self._rows.get(one.instruction_id, ())) >= most:
                        later.append(one)
                        continue
                    file.seek(one.place)
                    yield Fate(one.id, self._take(orjson.loads(file.readline())))
                waiting = later
            for one in waiting:
                chosen = ", ".join(self._rows[one.instruction_id].values())
                yield Fate(one.id, Rejection("not_chosen", f"{chosen} was chosen"))

    def _fault(self, candidate: Candidate) -> Rejection | None:
        """The first rule that the candidate breaks by itself."""
        if rejection := self._by_hand.rejection(candidate["id"]) or rules.fault(candidate, self._criteria):
            return rejection
        return next(filter(None, (rule.rejection(candidate) for rule in self._user_rules)), None)

    def _take(self, candidate: Candidate) -> Selected | Rejection:
        """Take a candidate that breaks no rule of its own, unless a row taken before excludes it."""
        if self._most and self._taken >= self._most:
            return Rejection("beyond_rows", f"{self._most} rows are taken")
        offer = self._offer(candidate)
        if match := self._shown.find(*offer.texts):
            return Rejection("exemplar", match.evidence)
        if rejection := self._exclusion(offer):
            return rejection
        self._add(offer)
        return offer.row

    def _offer(self, candidate: Candidate) -> _Offer:
        row = example(candidate, self._places)
        code = candidate["response"]["code"]
        return _Offer(
            row,
            candidate["instruction"]["id"],
            code,
            _shape(code) if self._per_instruction > 1 else b"",
            rules.defined_names(code) if self._max_same_names else (),
            _fingerprint(row),
        )

    def _exclusion(self, offer: _Offer) -> Rejection | None:
        """The first rule by which the rows taken so far exclude an offer, or by which it may not be published."""
        if same := self._fingerprints.get(offer.fingerprint):
            return Rejection("duplicate", f"same instruction and response as {same}")
        siblings = self._rows.get(offer.instruction_id, {})
        if same := siblings.get(offer.shape):
            return Rejection("same_shape", f"the code of {same}, but for names")
        if self._near is not None and (match := self._near.find(*offer.texts, siblings.values())):
            return Rejection("near_duplicate", match.evidence)
        for names in offer.names:
            users = self._users.get(names, {})
            if offer.instruction_id not in users and len(users) >= self._max_same_names:
                evidence = f"{', '.join(sorted(names))}: {', '.join(users.values())}"
                return Rejection("names_taken", evidence)
        if full := self._caps.full(offer.row):
            return Rejection("cap", full)
        attempt = offer.row["attempt"]
        error = attempt["detail"] if attempt else ""
        text = "\n".join((offer.row["instruction"], offer.row["response"], offer.row["tests"], error))
        rule = private.rule_of(text)
        return Rejection(*rule) if rule else None

    def _add(self, offer: _Offer) -> None:
        id = offer.row["id"]
        self._taken += 1
        self._rows.setdefault(offer.instruction_id, {})[offer.shape] = self._fingerprints[offer.fingerprint] = id
        if self._near is not None:
            self._near.add(id, *offer.texts)
        for names in filter(None, offer.names):
            self._users.setdefault(names, {}).setdefault(offer.instruction_id, id)
        self._caps.add(offer.row)


def example(candidate: Candidate, places: Mapping[str, Place]) -> Selected:
    """The row of a candidate, but for what the dataset adds; `places` has the places of its seeds."""
    seed, instruction, samples = candidate["seed"], candidate["instruction"], candidate["samples"]
    partner = candidate["partner"]
    verification = candidate["verification"]
    return {
        "id": candidate["id"],
        "instruction": instruction["instruction"],
        "response": candidate["response"]["response"],
        "tests": candidate["response"]["tests"],
        "concepts": instruction["concepts"],
        "category": instruction["category"],
        "difficulty": instruction["difficulty"],
        "seed": _row_seed(seed, places[seed["id"]]),
        "partner": _row_seed(partner, places[partner["id"]]) if partner else None,
        "samples": samples,
        "attempt": candidate.get("attempt"),
        "verification": {
            "asserts": verification["asserts"],
            "functions": verification["functions"],
            "mutants": verification["mutants"],
            "killed": verification["killed"],
            "agreement": verification["agreement"],
            "inputs": verification["inputs"],
            "behaviour": verification["behaviour"],
            "compared": verification["asked"],
            "agree": len(verification["agrees"]),
            "agree_both_ways": len({*verification["agrees"]}.intersection(verification["supports"])),
        },
        "measured_difficulty": measured_difficulty(samples["passed"], samples["n"]),
        "shape": [],
    }


def _row_seed(seed: Seed, place: Place) -> RowSeed:
    return {
        "id": seed["id"],
        "source": published_name(place["source"]),
        "path": without_folders(place["path"]),
        "name": place["name"],
        "lines": place["lines"],
        "digest": seed["digest"],
        "licence": place["licence"],
        "repository": without_folders(place["repository"]) if place["repository"] else None,
        "revision": place["revision"],
    }


def _shape(code: str) -> bytes:
    """Equal for code that differs in names, comments and layout alone."""
    return structure(code) or fingerprint(code).encode("utf-8", "surrogatepass")


def _fingerprint(row: Selected) -> bytes:
    text = fingerprint(row["instruction"] + "\0" + row["response"])
    return hashlib.sha256(text.encode()).digest()
