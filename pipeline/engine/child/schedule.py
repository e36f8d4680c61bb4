"""Which sample runs next: a queue of prompts, slots for sequences, and room in the cache.

Cells are reserved when a sample is admitted (its prompt's and max_tokens), so the cache never runs
full half way. The samples of one prompt form a group, whose prompt is evaluated once. A group may
overtake others if its context is in the cache and theirs is not, a bounded number of times.
Everything here is bookkeeping; llama.cpp is only told to drop what is no longer needed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.engine.child.contexts import Job, Room
from pipeline.engine.child.native import Cache
from pipeline.engine.protocol import MAX_CONTEXTS, MAX_SEQUENCES, Plan

# How often the group at the head of the queue may be overtaken, for each slot.
PATIENCE = 4


@dataclass(slots=True, eq=False)
class Group:
    """The samples of one prompt. It holds a label from its admission to its last sample's start."""

    first: Job
    waiting: deque[Job]
    label: int = -1
    done: int = -1  # tail tokens evaluated; -1: not yet put on its context
    promised: list[Job] = field(default_factory=list)  # have slots, start when it is evaluated
    running: int = 0
    overtaken: int = 0
    computed: int = 0  # prompt tokens evaluated that no completion has accounted for yet


def label_counts(plan: Plan) -> tuple[int, int, int]:
    """Labels (llama.cpp's sequence ids, 256 at most) for sequences, contexts and groups."""
    groups = min(plan.n_seq, 256 - MAX_SEQUENCES - MAX_CONTEXTS - 2) + 2
    return plan.n_seq, plan.n_contexts, groups


class Schedule:
    """Admits groups and samples; `admitted` lists the groups that hold a label, oldest first."""

    def __init__(self, cache: Cache, plan: Plan) -> None:
        n_seq, n_contexts, n_groups = label_counts(plan)
        contexts = list(range(n_seq, n_seq + n_contexts))[::-1]
        groups = list(range(n_seq + n_contexts, n_seq + n_contexts + n_groups))[::-1]
        self._cache, self._n_seq = cache, n_seq
        self._slots = n_seq
        self._labels = groups
        self._room = Room(cache, plan.cells, contexts, eager=plan.masked_cells_cost)
        self._pending: deque[Group] = deque()
        self._last: Group | None = None  # the next job may have the same prompt
        self.admitted: list[Group] = []

    @property
    def busy(self) -> bool:
        return bool(self._pending or self.admitted)

    def submit(self, job: Job) -> None:
        """Queue a job; one with the prompt of the job before it joins its group."""
        last = self._last
        if last is not None and _same_prompt(last.first, job):
            last.waiting.append(job)
            return
        self._last = Group(job, deque([job]))
        self._pending.append(self._last)
        job.context.waiting += 1
        if last is not None and last.label >= 0:
            self._close(last)

    def admit(self) -> Iterator[tuple[Group, Job]]:
        """Admit what fits; yields the samples to start on prompts that are evaluated already."""
        for group in list(self.admitted):
            while group.waiting and not group.promised and self._slots:
                if not self._room.take(group.waiting[0].request.max_tokens):
                    return  # nothing else may take the room it waits for
                self._slots -= 1
                group.running += 1
                yield group, group.waiting.popleft()
            self._close(group)
        while self._pending and self._labels and self._slots:
            if not self._admit_next():
                return

    def evaluated(self, group: Group) -> list[Job]:
        """The samples that start now that the prompt of `group` is evaluated."""
        jobs, group.promised = group.promised, []
        group.running += len(jobs)
        return jobs

    def ended(self, group: Group, job: Job) -> None:
        """A sample has ended: its slot and its cells are free."""
        self._slots += 1
        self._room.give(job.request.max_tokens)
        group.running -= 1
        self._close(group)

    def cancel(self) -> None:
        """Forget everything that is not running; call `ended` for what is before."""
        self._last = None
        for group in self._pending:
            group.first.context.waiting -= 1
        self._pending.clear()
        for group in list(self.admitted):
            for job in group.promised:
                self._slots += 1
                self._room.give(job.request.max_tokens)
            group.promised = []
            group.waiting.clear()
            self._close(group)
        self._room.evict_unfinished()

    def _admit_next(self) -> bool:
        head = self._pending[0]
        group = head
        if head.first.context.label < 0 and head.overtaken < PATIENCE * self._n_seq:
            group = next((g for g in self._pending if g.first.context.label >= 0), head)
        if self._take(group, overtaking=group is not head):
            head.overtaken += group is not head
            return True
        # With nothing admitted nobody will make room: then the head may evict what others want.
        return group is not head and not self.admitted and self._take(head, overtaking=False)

    def _take(self, group: Group, *, overtaking: bool) -> bool:
        first = group.first
        need = len(first.tail) + first.request.max_tokens
        if not self._room.take(need, first.context, overtaking=overtaking):
            return False
        self._pending.remove(group)
        first.context.waiting -= 1
        group.label = self._labels.pop()
        self.admitted.append(group)
        self._promise(group)
        while group.waiting and self._slots and self._room.free >= first.request.max_tokens:
            self._room.take(group.waiting[0].request.max_tokens)
            self._promise(group)
        return True

    def _promise(self, group: Group) -> None:
        self._slots -= 1
        group.promised.append(group.waiting.popleft())

    def _close(self, group: Group) -> None:
        """Give back what `group` no longer needs."""
        if group.waiting or group.promised:
            return
        if group.label >= 0 and not (group is self._last and group.running):
            self._cache.drop(group.label)
            self._labels.append(group.label)
            group.label = -1
            self.admitted.remove(group)
            if group is self._last:
                self._last = None
        if group.label < 0 and not group.running:
            self._room.give(len(group.first.tail))
            self._room.leave(group.first.context)


def _same_prompt(first: Job, job: Job) -> bool:
    """Whether `job` can join the group of `first` with the room that was planned for it."""
    return (
        first.context is job.context
        and job.request.max_tokens <= first.request.max_tokens
        and np.array_equal(first.tail, job.tail)
    )
