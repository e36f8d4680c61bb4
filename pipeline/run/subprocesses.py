"""Runs Python child processes that end with the run that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.config.location import PACKAGE_ROOT
from pipeline.errors import PipelineError

_PR_SET_PDEATHSIG = 1


def run_child(what: str, argv: Sequence[str], log: Path) -> None:
    """Run the Python interpreter with `argv` to its end, with its output appended to `log`.

    `what` names the work in messages. The kernel kills the child when this process dies. Raises PipelineError with
    the last line of the log when the child fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    paths = [str(PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    libc = ctypes.CDLL(None)

    def end_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)

    with open(log, "ab") as file:
        ended = subprocess.run(
            [sys.executable, *argv], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            env=environment, preexec_fn=end_with_parent, check=False,
        )  # fmt: skip
    if ended.returncode:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise PipelineError(
            f"{what} ended with code {ended.returncode}: {lines[-1][:300] if lines else 'no output'}",
            f"see {log}",
        )
