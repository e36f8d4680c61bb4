"""One writer at a time, and a dead one does not block."""

import os
import signal
import subprocess
import sys

import pytest

from targets import Locked, lock

HOLDER = "import sys, time\nfrom pathlib import Path\nfrom targets import lock\nlock(Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)\n"


def test_a_held_lock_names_its_holder_and_a_killed_holder_frees_it(tmp_path):
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Locked) as refused:
        lock(path)
    assert refused.value.holder["pid"] == holder.pid
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    os.close(lock(path))
