"""Exit code of a worker when several share one artifacts folder: success if and only if the requested task is
complete, whichever worker completed it.

Luigi counts what other workers have made as not run, and would end with a code for that (25, or 10 for what is
being made elsewhere). So those two are 0 among several workers (config/location.py), and a worker that ends without
an error checks, last of all, whether the requested task is complete. A worker has nothing left to do
while another may still run the last task: as long as any worker runs a task, it waits.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable

from luigi.cmdline_parser import CmdlineParser
from luigi.interface import core
from luigi.rpc import RemoteScheduler, RPCError

NOT_RUN = 25
_POLL_SECONDS = 1.0


def end_with_the_others(has_succeeded: Callable[[], bool]) -> None:
    """At the end of this process, turn success into 25 when the task of its command line is not complete.

    `has_succeeded` is false when an error or a signal has set an exit code already.
    """
    parser = CmdlineParser.get_instance()
    if parser is None:
        return
    task = parser.get_task_obj()
    settings = core()  # read now: at exit, Luigi's command line is no longer available
    scheduler = settings.scheduler_url or (f"http://{settings.scheduler_host}:{settings.scheduler_port}/")
    owner = os.getpid()

    def check() -> None:
        if os.getpid() != owner or not has_succeeded():
            return
        try:
            while not task.complete():
                # Checked twice: a task that was running may have been completed meanwhile.
                if not _any_task_runs(scheduler) and not task.complete():
                    print(f"{task} was not made, here or by another worker", file=sys.stderr)
                    sys.stderr.flush()
                    os._exit(NOT_RUN)
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt as stopped:
            os._exit(getattr(stopped, "code", 130))

    # Registered first, called last: the engine has ended by then.
    atexit.register(check)


def _any_task_runs(scheduler: str) -> bool:
    """Whether the central scheduler lists a running task. It lists none of dead workers."""
    try:
        running = RemoteScheduler(scheduler).task_list("RUNNING", "")  # type: ignore[attr-defined]
        return bool(running)
    except RPCError:
        return False
