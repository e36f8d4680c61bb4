"""Falsifies the pass of a response: a response that passed its tests has to fail when they can no longer be right.

A response and its tests share one interpreter, so no list of forbidden acts is complete. Instead a program that
passed is run again in ways that nothing honest survives (falsified.py):

1. The checks of the tests expect other values; where none names a value, a line that fails follows each. Whoever
   skips the tests still passes.
2. Each check that expects another value must fail, one after the other. Whoever makes comparisons lie, or gives a
   result that equals everything, has one that holds.
3. What else the tests compare is compared with values that have nothing to do with the task. Whoever gives a result
   that equals everything gives one that equals two of these.
4. What the tests use of the response is wrong: false and equal to nothing; where that passes, also true and equal to
   everything, because honest tests may state only what a result is not. Whoever lies where no value is named still
   passes both.

What is proven of a pass that holds: a check was reached that can fail; every check that was reached and names its
value fails for another one; no value that was compared equals everything of a kind; and the tests notice when all
results are wrong. Not proven: anything of a response that recognises these programs, by the text of its tests and by
its changed names, and behaves in them; nor that each check without a value that is written out is honest.

Data in: claims. Data out: what each is worth. Costs three or four short programs a claim.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sandbox.falsified import MARK, checks_false, each_check_refused, results_wrong, together, values_looked_at
from sandbox.pool import Pool
from sandbox.result import Program, Result

NOT_TRUE = "it passes although the checks of its tests cannot be true"
NOT_EACH = "a check of its tests holds although it expects another value"
LYING = "a value that its tests compare equals two that are not equal, or is beyond all numbers"
NOT_NOTICED = "it passes although everything that its tests use of the response is wrong"

# Ends that say nothing of a program that came to none of its tests.
_OUT_OF_RESOURCES = ("timeout", "cpu_timeout", "oom", "output_limit")
_WAYS = (" all checks", " each check", " values", " equal to nothing", " equal to everything")
_ALL, _EACH, _VALUES, _NOTHING, _EVERYTHING = _WAYS
_WRONG = (_NOTHING, _EVERYTHING)


@dataclass(frozen=True, slots=True)
class Claim:
    """A response and the tests that it passed."""

    id: str
    code: str
    tests: str


@dataclass(frozen=True, slots=True)
class Falsified:
    """What the falsified programs of a claim showed.

    evidence   why the pass means nothing; empty where it held
    fault      the machine failed, so nothing was shown
    wall_s, cpu_s   seconds of all of them
    """

    id: str
    evidence: str = ""
    fault: bool = False
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def held(self) -> bool:
        """Whether the pass is worth something."""
        return not (self.evidence or self.fault)


@dataclass(slots=True)
class _Open:
    """A claim whose falsified programs are still running."""

    claim: Claim
    left: set[str]  # ways
    evidence: str = ""
    fault: bool = False
    wall_s: float = 0.0
    cpu_s: float = 0.0


class Falsification:
    """Falsifies claims beside whatever else a pool runs: programs to be run are in `waiting`, results go to `take`."""

    def __init__(self) -> None:
        self.waiting: deque[Program] = deque()
        self._claims: dict[str, _Open] = {}

    def begin(self, claim: Claim) -> Falsified | None:
        """Falsify a claim; what is known at once, where nothing can be run."""
        programs = {
            _ALL: checks_false(claim.code, claim.tests),
            _EACH: each_check_refused(claim.code, claim.tests),
            _VALUES: values_looked_at(claim.code, claim.tests),
            _NOTHING: results_wrong(claim.code, claim.tests, agreeable=False),
        }
        texts = {way: text for way, text in programs.items() if text is not None}
        if _NOTHING not in texts:
            return Falsified(claim.id, "its code or its tests alone are no Python")
        self._claims[claim.id] = _Open(claim, {*texts})
        self.waiting.extend(Program(f"{claim.id}{way}", text) for way, text in texts.items())
        return None

    def is_mine(self, result: Result) -> bool:
        return result.id.endswith(_WAYS)

    def take(self, result: Result) -> Falsified | None:
        """Note the result of a falsified program; what its claim is worth, once that is known."""
        way = next(way for way in _WAYS if result.id.endswith(way))
        id = result.id.removesuffix(way)
        open = self._claims[id]
        open.left.discard(way)
        open.wall_s += result.wall_s
        open.cpu_s += result.cpu_s
        if _is_fault(way, result):
            open.fault = True
        else:
            open.evidence = open.evidence or _evidence(way, result)
        if result.passed and way == _NOTHING:
            text = results_wrong(open.claim.code, open.claim.tests, agreeable=True)
            assert text is not None
            open.left.add(_EVERYTHING)
            self.waiting.append(Program(f"{id}{_EVERYTHING}", text))
        if open.left:
            return None
        del self._claims[id]
        return Falsified(id, open.evidence, open.fault and not open.evidence, open.wall_s, open.cpu_s)


def _is_fault(way: str, result: Result) -> bool:
    """Whether the result shows nothing: the machine failed, or the program came to its end before its tests did."""
    to_be_reached = way in (_EACH, _VALUES) or (way in _WRONG and MARK not in result.stdout)
    return result.status == "sandbox_error" or (to_be_reached and result.status in _OUT_OF_RESOURCES)


def _evidence(way: str, result: Result) -> str:
    """Why the result of a falsified program shows that the pass means nothing; empty where it does not."""
    if result.status == "tampered":
        return f"falsified, it {result.detail}"[:200]
    if way == _EACH:
        return "" if result.passed else NOT_EACH
    if way == _VALUES:
        return "" if result.passed else LYING
    if way == _ALL:
        return NOT_TRUE if result.passed else ""
    if not result.passed:
        return "" if MARK in result.stdout else f"its results could not be made wrong: {result.detail}"[:200]
    return NOT_NOTICED if way == _EVERYTHING else ""


def run_and_falsify(pool: Pool, claims: Iterable[Claim]) -> Iterator[Result]:
    """Run responses with their tests, and falsify those that pass: a pass that means nothing becomes `tampered`."""
    falsification = Falsification()
    running: dict[str, Claim] = {}
    passed: dict[str, Result] = {}

    def programs() -> Iterator[Program]:
        for claim in claims:
            running[claim.id] = claim
            yield Program(claim.id, together(claim.code, claim.tests))

    for result in run_growing(pool, programs(), falsification.waiting):
        if falsification.is_mine(result):
            falsified = falsification.take(result)
        else:
            claim = running.pop(result.id)
            if not result.passed:
                yield result
                continue
            passed[claim.id] = result
            falsified = falsification.begin(claim)
        if falsified is not None:
            yield _judged(passed.pop(falsified.id), falsified)


def _judged(result: Result, falsified: Falsified) -> Result:
    status, detail = result.status, result.detail
    if falsified.fault:
        status, detail = "sandbox_error", "the pass could not be falsified"
    elif falsified.evidence:
        status, detail = "tampered", falsified.evidence
    wall, cpu = result.wall_s + falsified.wall_s, result.cpu_s + falsified.cpu_s
    return replace(result, status=status, detail=detail, wall_s=wall, cpu_s=cpu)


def run_growing(pool: Pool, programs: Iterable[Program], waiting: deque[Program]) -> Iterator[Result]:
    """Run programs, and those that come into `waiting` while they run."""

    def all_of_them() -> Iterator[Program]:
        for program in programs:
            yield program
            while waiting:
                yield waiting.popleft()

    yield from pool.run_many(all_of_them())
    while waiting:
        yield from pool.run_many([waiting.popleft() for _ in range(len(waiting))])
