"""The scheduler of a run without luigid: Luigi's own, whose cost for a task does not grow with their number.

Luigi's local scheduler prunes whenever a task is to be chosen, and to prune it looks at every task that it ever knew.
"""

from __future__ import annotations

import time
from typing import Any

from luigi import interface
from luigi.scheduler import Scheduler

_SECONDS = 10.0  # between two prunings, which also put failed tasks back to pending (after `retry_delay`)


class LocalScheduler(Scheduler):  # type: ignore[misc]
    """Luigi's scheduler, pruned now and then."""

    _pruned = float("-inf")

    def prune(self) -> None:
        if (now := time.monotonic()) >= self._pruned + _SECONDS:
            self._pruned = now
            super().prune()


def use() -> None:
    """From now on, runs of Luigi without a central scheduler have this one."""

    def create(_: Any) -> Scheduler:
        return LocalScheduler(prune_on_get_work=True, record_task_history=False)  # type: ignore[no-untyped-call]

    interface._WorkerSchedulerFactory.create_local_scheduler = create  # type: ignore[method-assign]
