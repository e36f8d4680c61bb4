"""The records that pass from stage to stage: the fields of each, the ids that link them, and why one is dropped.

A record is a JSON object, typed here as a TypedDict; its fields are documented here once, and the Parquet schema,
the dataset card and docs/files.md are checked against these types. Every record carries the id of the unit of work
that made it:

    seed, concepts, instruction    sixteen hex digits of the seed's digest        1512836f6921ca0c
    response and what follows it   the instruction's id, a dash, the sample       1512836f6921ca0c-002

Records of the stages are small on purpose: a later stage joins them by id instead of copying them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

# A rule's stable name -> one sentence on what it rejects; docs/reference/rules.md lists all of them.
Rules = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a unit of work gives no record: the stable name of a rule, and the evidence in short."""

    rule: str
    evidence: str


def sample_id(instruction: str, sample: int) -> str:
    """The id of the `sample`-th response to an instruction; samples count from 0."""
    return f"{instruction}-{sample:03d}"


def instruction_of(response: str) -> str:
    """The id of the instruction that a response answers, from the response's id."""
    return response.rpartition("-")[0]


def seed_of(record: str) -> str:
    """The id of the seed that any record was made from, from the record's id."""
    return record.partition("-")[0]


class _Seed(TypedDict):
    id: str  # the first sixteen hex digits of `digest`
    code: str  # the imports it needs, then its own lines: what prompts show
    name: str  # as defined; Class.method for a method
    kind: str  # functions, methods, classes or fragments
    source: str  # the entry of [seeds] sources
    path: str  # of the file in its source
    lines: list[int]  # first and last, counted from 1, decorators included
    digest: str  # sha256 of `code`, in hex
    licence: str | None  # an SPDX expression, or None when nothing names one
    repository: str | None  # of a git source or a dataset
    revision: str | None  # commit of `repository`


class Seed(_Seed, total=False):
    """A definition in a source that no rule dropped (stage seeds)."""

    message: str  # of the commit that wrote it; only of a commits: source


class Judgement(TypedDict):
    """A seed that the model judges to be documented well enough (stage judgements)."""

    id: str
    yes: float  # probability of Yes among Yes and No, 0 to 1


class Concepts(TypedDict):
    """The programming concepts in a seed (stage concepts)."""

    id: str
    concepts: list[str]


class _Instruction(TypedDict):
    id: str  # the seed's
    instruction: str
    category: str
    difficulty: str  # as asked for, not as measured
    language: str
    concepts: list[str]


class Instruction(_Instruction, total=False):
    """A task made from a seed (stages drafts and instructions)."""

    partner: str  # id of the seed that half of the concepts come from; only where they were mixed


class Response(TypedDict):
    """One answer to an instruction, with tests (stage responses)."""

    id: str
    instruction_id: str
    sample: int  # from 0
    response: str  # prose and code as written
    code: str  # what of its Python blocks is executed
    tests: str


class Repair(TypedDict, total=False):
    """What stands in the place of a failed response (stage repairs), or the verdict on one that stays as it is."""

    id: str  # the response's
    response: str  # prose and code as written; its tests stay
    code: str
    verdict: dict[str, Any]  # of a response that stays: with none of the others


class Verdict(TypedDict):
    """What the sandbox saw when a response ran with its tests (stages executions and reruns)."""

    id: str
    passed: bool
    status: str  # passed, failed, timeout, ...: sandbox.Status
    detail: str
    exit_code: int | None
    signal: int | None
    wall_s: float
    cpu_s: float
    max_rss: int  # bytes
    stderr: str  # its end


class Verification(TypedDict):
    """What a response's tests are worth (stage verifications); null where it did not pass or was not verified."""

    id: str
    asserts: int | None  # executed
    functions: list[str] | None  # of the response, called by its tests
    mutants: int | None  # that were run
    killed: int | None  # of them, by the tests
    agrees: list[str]  # other responses to the instruction whose tests it passes
    supports: list[str]  # other responses to the instruction that pass its tests
    asked: int  # with how many others it was compared
    inputs: int | None  # different arguments with which its tests call the function that they test
    behaviour: str | None  # argument or constant, where that is all that the function ever returned


class Compared(TypedDict):
    """A response that answers as its seed does (stage oracle); null where it did not pass its own tests."""

    id: str
    calls: int | None  # of the tests of all responses, on which it was compared
    variants: int | None  # of those calls


class Clean(TypedDict):
    """A response that is in no benchmark (stage decontamination)."""

    id: str
    suspects: list[str]  # tasks that it was run against, and did not solve


class Monologue(TypedDict):
    """A call of a response, gone through line by line: an answer to a question about it."""

    form: str  # forward: what does the call return; backward: which call returns the value
    call: str
    value: str  # what the call returned, as Python
    question: str
    answer: str


class Told(TypedDict):
    """The monologues on a response (stage monologues); null where it did not pass its tests."""

    id: str
    monologues: list[Monologue] | None
    untold: str  # why there are none: no_literal_call, raises, too_long, ...; empty where there are


RATINGS = 4  # 0 to 3


class Rating(TypedDict):
    """What the model thinks of a response (stage ratings); null where it did not pass, or does not fit the window."""

    id: str
    rating: int | None  # the likeliest of 0 to 3
    expected: float | None  # the mean of 0 to 3 by their probabilities


class RowSeed(TypedDict):
    """Where a row's seed stands in the sources now."""

    id: str
    source: str
    path: str
    name: str
    lines: list[int]
    digest: str
    licence: str | None
    repository: str | None
    revision: str | None


class Samples(TypedDict):
    """How many responses an instruction got, and how many of them passed their tests."""

    n: int
    passed: int


class RowVerification(TypedDict):
    """What a row's tests are worth."""

    asserts: int | None
    functions: list[str] | None
    mutants: int | None
    killed: int | None
    agreement: float  # of the other responses with it, 0 to 1, by the last three: pipeline/verification/agreement.py
    inputs: int | None  # different arguments with which the tests call the function that they test
    behaviour: str | None  # argument or constant, where that is all that the function ever returned; else empty
    compared: int  # other responses to the instruction that it was compared with
    agree: int  # of them, those whose tests it passes
    agree_both_ways: int  # of these, those whose code passes its tests


class RowAttempt(TypedDict):
    """The failed response that a row's response repairs, and the verdict on it."""

    id: str  # of the response (stage responses): the repair has its place, and so its id
    status: str
    detail: str


class ModelName(TypedDict):
    """The model that wrote a row's response. `sha256` is empty for a server's model."""

    name: str
    sha256: str


class Selected(TypedDict):
    """A response that was chosen (stage selection): a row but for pooled tests, weight and model."""

    id: str  # the response's
    instruction: str
    response: str
    tests: str
    concepts: list[str]
    category: str
    difficulty: str  # as asked for
    seed: RowSeed
    partner: RowSeed | None  # of a second seed, that half of the concepts come from
    samples: Samples
    attempt: RowAttempt | None  # that the response repairs; null where it is a first answer
    verification: RowVerification
    measured_difficulty: str  # by the share of samples that passed
    shape: list[str]  # forms that [shaping] gave it: pipeline/selection/shaping.py


class Row(Selected):
    """A row of the dataset (train.jsonl, train.parquet)."""

    pooled_tests: str  # its own and those of the responses that agree both ways; empty where there is none
    weight: float  # for a sampler that evens out concepts
    model: ModelName


class MonologueRow(TypedDict):
    """A monologue on a row (monologues.jsonl)."""

    id: str  # the row's, a dash, the number of the monologue
    row: str  # id of the row
    form: str  # forward or backward
    instruction: str
    response: str
    call: str
    value: str
    licence: str | None  # of the row's seed


class _Rejected(TypedDict):
    id: str
    rule: str
    evidence: str


class Rejected(_Rejected, total=False):
    """A rejected unit, as `*.rejected.jsonl` holds it."""

    completion: str  # the whole text that was rejected; only of a generating stage


class _Candidate(TypedDict):
    id: str
    response: Response
    verdict: Verdict
    instruction: Instruction
    seed: Seed
    partner: Seed | None
    samples: Samples
    verification: dict[str, Any]


class Candidate(_Candidate, total=False):
    """One response with everything that the selection reads of it, joined from the shards of the stages."""

    rating: int | None  # only where the stage ratings is on
    attempt: RowAttempt | None  # that the response repairs; only where the stage repairs is on
