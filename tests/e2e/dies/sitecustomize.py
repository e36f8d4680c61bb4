"""On PYTHONPATH: kill -9 of a process and of its parent as it is about to make a folder, or to publish a file, whose
path matches the pattern $DIES_AT.

So a test needs not catch the moment. Python imports this module by its name as it starts.
"""

import fnmatch
import os
import signal
import sys

_MADE = {"os.mkdir": 0, "os.rename": 1}  # event -> which of its arguments is the new path


def _watch(event: str, arguments: tuple) -> None:
    if event in _MADE:
        path = os.fsdecode(arguments[_MADE[event]])
        if fnmatch.fnmatchcase(path, os.environ["DIES_AT"]):
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


if "DIES_AT" in os.environ:
    sys.addaudithook(_watch)
