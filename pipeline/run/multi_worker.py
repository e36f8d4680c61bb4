"""The exit code of a worker that has company: whether the dataset is there, whoever made it.

Luigi counts what other workers have made as not run, and would end with a code for that (25, or 10 for what
is being made elsewhere). So those two are 0 among several workers (project.py), and a worker that ends
without an error of its own looks, last of all, whether the task it was asked for is complete. It ends when
nothing is left for it, so the last task may still be in another's hands: while someone works, it waits.
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
_LOOK_SECONDS = 1.0


def answer_for_the_others(ended_by_itself: Callable[[], bool]) -> None:
    """At the end of this process, turn success into 25 when the task of its command line is not complete.

    `ended_by_itself` says whether no error or signal has given the process a code already.
    """
    parser = CmdlineParser.get_instance()
    if parser is None:
        return
    task = parser.get_task_obj()
    settings = core()  # at the end, Luigi has forgotten its command line
    scheduler = settings.scheduler_url or (
        f"http://{settings.scheduler_host}:{settings.scheduler_port}/"
    )
    owner = os.getpid()

    def look() -> None:
        if os.getpid() != owner or not ended_by_itself():
            return
        try:
            while not task.complete():
                # Asked again: what was running may be complete a moment later.
                if not _someone_works(scheduler) and not task.complete():
                    print(f"{task} was not made, here or by another worker", file=sys.stderr)
                    sys.stderr.flush()
                    os._exit(NOT_RUN)
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt as stopped:
            os._exit(getattr(stopped, "code", 130))

    # What is registered first is called last: the engine has ended by then.
    atexit.register(look)


def _someone_works(scheduler: str) -> bool:
    """Whether the central scheduler knows of a task that is being run. It forgets those of dead workers."""
    try:
        running = RemoteScheduler(scheduler).task_list("RUNNING", "")  # type: ignore[attr-defined]
        return bool(running)
    except RPCError:
        return False
