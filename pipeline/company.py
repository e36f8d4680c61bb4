"""The exit code of a worker that has company: whether the dataset is there, whoever made it.

Luigi counts what other workers have made as not run, and would end with a code for that (25, or 10 for what
is being made elsewhere). So those two are 0 among several workers (project.py), and a worker that ends
without an error of its own looks, last of all, whether the task it was asked for is complete.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable

from luigi.cmdline_parser import CmdlineParser

NOT_RUN = 25


def answer_for_the_others(ended_by_itself: Callable[[], bool]) -> None:
    """At the end of this process, turn success into 25 when the task of its command line is not complete.

    `ended_by_itself` says whether no error or signal has given the process a code already.
    """
    parser = CmdlineParser.get_instance()
    if parser is None:
        return
    task = parser.get_task_obj()
    owner = os.getpid()

    def look() -> None:
        if os.getpid() == owner and ended_by_itself() and not task.complete():
            print(f"{task} was not made, here or by another worker", file=sys.stderr, flush=True)
            os._exit(NOT_RUN)

    # What is registered first is called last: the engine has ended by then.
    atexit.register(look)
