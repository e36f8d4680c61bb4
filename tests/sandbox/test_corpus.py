"""Honest programs in the idioms in which tests are written pass, and survive falsification."""

from __future__ import annotations

from sandbox import Limits, Pool, Program
from sandbox.falsification import run_and_falsify
from tests.sandbox import corpus


def test_there_are_two_hundred_of_them() -> None:
    assert len([*corpus.claims()]) >= 200


def test_each_passes_and_holds(full: bool) -> None:
    chosen = [claim for number, claim in enumerate(corpus.claims()) if full or number % 3 == 0]
    with Pool(limits=Limits()) as pool:
        results = [*run_and_falsify(pool, chosen)]
    assert [(result.id, result.status, result.detail) for result in results if not result.passed] == []
    assert len(results) == len(chosen)


def test_the_examples_of_the_standard_library_succeed(pool: Pool) -> None:
    programs = [Program(claim.id, claim.tests) for claim in corpus.doctests()]
    assert [(r.id, r.status, r.stdout[-300:]) for r in pool.run_many(programs) if not r.passed] == []
