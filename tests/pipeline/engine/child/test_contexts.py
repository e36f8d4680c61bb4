"""The pool of KV cells: reservation, and which contexts are evicted for others."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.engine.child.contexts import CellPool, Context


class Dropped(list):
    """Records the sequence ids that are dropped from the cache."""

    drop = list.append


def make_pool(cells: int = 100, contexts: int = 4, *, eager: bool = False) -> CellPool:
    return CellPool(Dropped(), cells, list(range(contexts))[::-1], eager=eager)


def make_context(length: int = 10) -> Context:
    return Context(np.zeros(length, np.int32))


def idle(pool: CellPool, *, waiting: int = 0, uses: int = 2, length: int = 10) -> Context:
    """A context that has been used and is no longer."""
    context = make_context(length)
    context.waiting = 1
    for _ in range(uses):
        assert pool.reserve(0, context)
        pool.leave(context)
    context.waiting = waiting
    return context


def test_cells_are_reserved_until_they_are_released():
    pool = make_pool(10)
    assert pool.reserve(7)
    assert not pool.reserve(4)
    assert pool.free == 3
    pool.release(7)
    assert pool.reserve(10)


def test_a_context_takes_its_cells_once_for_all_its_users():
    pool, context = make_pool(20), make_context(10)
    assert pool.reserve(3, context)
    assert pool.reserve(3, context)
    assert pool.free == 4
    assert context.users == 2


def test_a_reservation_that_does_not_fit_changes_nothing():
    pool, context = make_pool(20), make_context(10)
    assert not pool.reserve(11, context)
    assert (pool.free, context.seq_id, context.users) == (20, -1, 0)


def test_the_least_recently_used_idle_context_is_evicted_first():
    pool = make_pool(30)
    old, new = idle(pool), idle(pool)
    assert pool.reserve(0, old)
    pool.leave(old)
    assert pool.reserve(15)
    assert (old.seq_id >= 0, new.seq_id >= 0) == (True, False)


def test_a_context_in_use_is_never_evicted():
    pool, context = make_pool(20), make_context(10)
    assert pool.reserve(0, context)
    assert not pool.reserve(11)
    assert context.seq_id >= 0


@pytest.mark.parametrize("overtaking", [False, True])
def test_a_context_that_a_queued_group_needs_is_evicted_only_without_overtaking(overtaking):
    pool = make_pool(20)
    needed = idle(pool, waiting=1)
    assert pool.reserve(5, make_context(10), overtaking=overtaking) is not overtaking
    assert (needed.seq_id < 0) is not overtaking


def test_without_a_free_sequence_id_a_context_is_evicted():
    pool = make_pool(100, contexts=1)
    first = idle(pool)
    second = make_context()
    assert pool.reserve(0, second)
    assert (first.seq_id, second.seq_id) == (-1, 0)


def test_a_context_of_a_single_prompt_is_evicted_at_once():
    pool, context = make_pool(20), make_context(10)
    assert pool.reserve(0, context)
    pool.leave(context)
    assert (pool.free, context.seq_id) == (20, -1)


def test_an_eager_pool_evicts_idle_contexts_when_it_loads_another():
    for eager in (False, True):
        pool = make_pool(eager=eager)
        unneeded, needed = idle(pool), idle(pool, waiting=1)
        assert pool.reserve(0, make_context())
        assert needed.seq_id >= 0
        assert (unneeded.seq_id < 0) is eager


def test_partly_evaluated_contexts_are_evicted_on_cancel():
    pool = make_pool()
    partial, complete = idle(pool), idle(pool)
    complete.evaluated = len(complete.tokens)
    pool.evict_unfinished()
    assert (partial.seq_id < 0, complete.seq_id < 0) == (True, False)
