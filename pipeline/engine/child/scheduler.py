"""The scheduler: a queue of prompts, slots for sequences, and cells of the cache.

Cells for a sample (its prompt's and max_tokens) are reserved when it is admitted, so a running
sequence never lacks a cell and is never preempted. The samples of one prompt form a group, whose
prompt is evaluated once. A group may overtake others if its context is in the cache and theirs is
not, a bounded number of times.

Bookkeeping only: the one operation on llama.cpp is to drop sequence ids that are no longer needed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.engine.child.contexts import CellPool, Job
from pipeline.engine.child.native import Cache
from pipeline.engine.protocol import Plan
from pipeline.engine.settings import MAX_CONTEXTS, MAX_SEQUENCES

# How often the group at the head of the queue may be overtaken, for each slot.
OVERTAKES_PER_SLOT = 4
_SEQ_IDS = 256  # llama.cpp's limit


@dataclass(slots=True, eq=False)
class Group:
    """The samples of one prompt. It has a sequence id from admission to its last sample's start.

    first: the job that determines the prompt and the largest max_tokens
    waiting: jobs without a slot
    evaluated: number of tail tokens evaluated; -1: the context is not yet copied
    reserved: jobs with a slot and cells, which start when the prompt is evaluated
    running: number of samples being generated
    overtaken: how often other groups were admitted before it
    computed: prompt tokens evaluated that are not yet counted in a completion
    """

    first: Job
    waiting: deque[Job]
    seq_id: int = -1
    evaluated: int = -1
    reserved: list[Job] = field(default_factory=list)
    running: int = 0
    overtaken: int = 0
    computed: int = 0


def seq_id_counts(plan: Plan) -> tuple[int, int, int]:
    """Numbers of sequence ids for sequences, contexts and groups."""
    groups = min(plan.n_seq, _SEQ_IDS - MAX_SEQUENCES - MAX_CONTEXTS - 2) + 2
    return plan.n_seq, plan.n_contexts, groups


class Scheduler:
    """Admits groups and samples; `admitted` lists the groups with a sequence id, oldest first."""

    def __init__(self, cache: Cache, plan: Plan) -> None:
        n_seq, n_contexts, n_groups = seq_id_counts(plan)
        contexts = list(range(n_seq, n_seq + n_contexts))[::-1]
        groups = list(range(n_seq + n_contexts, n_seq + n_contexts + n_groups))[::-1]
        self._cache, self._n_seq = cache, n_seq
        self._slots = n_seq
        self._seq_ids = groups
        self._pool = CellPool(cache, plan.cells, contexts, eager=plan.masked_cells_cost)
        self._queue: deque[Group] = deque()
        self._last: Group | None = None  # the next job may have the same prompt
        self.admitted: list[Group] = []

    @property
    def busy(self) -> bool:
        return bool(self._queue or self.admitted)

    def submit(self, job: Job) -> None:
        """Queue a job; one with the same prompt as the previous job joins its group."""
        last = self._last
        if last is not None and _same_prompt(last.first, job):
            last.waiting.append(job)
            return
        self._last = Group(job, deque([job]))
        self._queue.append(self._last)
        job.context.waiting += 1
        if last is not None and last.seq_id >= 0:
            self._release(last)

    def admit(self) -> Iterator[tuple[Group, Job]]:
        """Admit what fits; yield the samples to start on prompts that are already evaluated."""
        for group in list(self.admitted):
            while group.waiting and not group.reserved and self._slots:
                if not self._pool.reserve(group.waiting[0].request.max_tokens):
                    return  # later groups must not take the cells it waits for
                self._slots -= 1
                group.running += 1
                yield group, group.waiting.popleft()
            self._release(group)
        while self._queue and self._seq_ids and self._slots:
            if not self._admit_next():
                return

    def start_reserved(self, group: Group) -> list[Job]:
        """Mark the reserved jobs of `group`, whose prompt is evaluated, as running; return them."""
        jobs, group.reserved = group.reserved, []
        group.running += len(jobs)
        return jobs

    def finish(self, group: Group, job: Job) -> None:
        """Release the slot and the cells of a sample that has ended."""
        self._slots += 1
        self._pool.release(job.request.max_tokens)
        group.running -= 1
        self._release(group)

    def cancel(self) -> None:
        """Drop everything that is not running. Call `finish` for the running samples before."""
        self._last = None
        for group in self._queue:
            group.first.context.waiting -= 1
        self._queue.clear()
        for group in list(self.admitted):
            for job in group.reserved:
                self._slots += 1
                self._pool.release(job.request.max_tokens)
            group.reserved = []
            group.waiting.clear()
            self._release(group)
        self._pool.evict_unfinished()

    def close(self) -> None:
        """Leave the cache, in which nothing is running or queued."""
        self._pool.evict_all()

    def _admit_next(self) -> bool:
        head = self._queue[0]
        group = head
        if head.first.context.seq_id < 0 and head.overtaken < OVERTAKES_PER_SLOT * self._n_seq:
            group = next((g for g in self._queue if g.first.context.seq_id >= 0), head)
        if self._admit(group, overtaking=group is not head):
            head.overtaken += group is not head
            return True
        # With no group admitted, no cells will be released: the head may then evict contexts that
        # other queued groups need.
        return group is not head and not self.admitted and self._admit(head, overtaking=False)

    def _admit(self, group: Group, *, overtaking: bool) -> bool:
        first = group.first
        need = len(first.tail) + first.request.max_tokens
        if not self._pool.reserve(need, first.context, overtaking=overtaking):
            return False
        self._queue.remove(group)
        first.context.waiting -= 1
        group.seq_id = self._seq_ids.pop()
        self.admitted.append(group)
        self._reserve_slot(group)
        while group.waiting and self._slots and self._pool.free >= first.request.max_tokens:
            self._pool.reserve(group.waiting[0].request.max_tokens)
            self._reserve_slot(group)
        return True

    def _reserve_slot(self, group: Group) -> None:
        self._slots -= 1
        group.reserved.append(group.waiting.popleft())

    def _release(self, group: Group) -> None:
        """Release what `group` no longer needs: its sequence id, then its tail and context."""
        if group.waiting or group.reserved:
            return
        if group.seq_id >= 0 and not (group is self._last and group.running):
            self._cache.drop(group.seq_id)
            self._seq_ids.append(group.seq_id)
            group.seq_id = -1
            self.admitted.remove(group)
            if group is self._last:
                self._last = None
        if group.seq_id < 0 and not group.running:
            self._pool.release(len(group.first.tail))
            self._pool.leave(group.first.context)


def _same_prompt(first: Job, job: Job) -> bool:
    """Whether `job` can join the group of `first`, within the cells reserved for its prompt."""
    return (
        first.context is job.context
        and job.request.max_tokens <= first.request.max_tokens
        and np.array_equal(first.tail, job.tail)
    )
