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
from luigi.rpc import RemoteScheduler, RPCError

from pipeline.errors import MachineError
from pipeline.run import scheduler
from pipeline.run.reporter import Reporter

NOT_RUN = 25
_POLL_SECONDS = 1.0
_SCHEDULER_STOPPED = "what is finished is safe; start `luigid` again, and the same command goes on"


def end_with_the_others(has_succeeded: Callable[[], bool], reporter: Reporter) -> None:
    """At the end of this process, turn success into 25 when the task of its command line is not complete.

    `has_succeeded` is false when an error or a signal has set an exit code already.
    """
    parser = CmdlineParser.get_instance()
    if parser is None:
        return
    task = parser.get_task_obj()
    place = scheduler.address()  # read now: at exit, Luigi's command line is no longer available
    owner = os.getpid()

    def give_up(code: int, problem: str, remedy: str = "") -> None:
        reporter.fail(problem, remedy)
        reporter.end()
        sys.stderr.flush()
        os._exit(code)

    def check() -> None:
        if os.getpid() != owner or not has_succeeded():
            return
        try:
            while not task.complete():
                scheduler.require(place)
                # Checked twice: a task that was running may have been completed meanwhile.
                if not _any_task_runs(place) and not task.complete():
                    give_up(NOT_RUN, f"{task} was not made, here or by another worker")
                time.sleep(_POLL_SECONDS)
        except MachineError as stopped:
            give_up(stopped.exit_code, stopped.problem, _SCHEDULER_STOPPED)
        except KeyboardInterrupt as stopped:
            os._exit(getattr(stopped, "code", 130))

    # Registered first, called last: the engine has ended by then.
    atexit.register(check)


def _any_task_runs(place: str) -> bool:
    """Whether the central scheduler lists a running task. It lists none of dead workers."""
    try:
        running = RemoteScheduler(place).task_list("RUNNING", "")  # type: ignore[attr-defined]
        return bool(running)
    except RPCError:
        return False
