"""On PYTHONPATH: kill -9 of a process and of its parent as it is about to make a folder named $DIES_AT.

So a test needs not catch the moment. Python imports this module by its name as it starts.
"""

import os
import signal
import sys


def _watch(event: str, arguments: tuple) -> None:
    if event == "os.mkdir" and os.path.basename(os.fspath(arguments[0])) == os.environ["DIES_AT"]:
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


if "DIES_AT" in os.environ:
    sys.addaudithook(_watch)
