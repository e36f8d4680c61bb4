"""The user's own command, which stands still at a given moment: what a test wants to strike at cannot be missed.

    python -m tests.support.gate STAGE MOMENT stop|sleep TASK [luigi's arguments]

Moments of a stage: `append` (its third outcome is in the journal) and `publish` (all files of the shard are there
but the one that says so). Of the dataset: `append` (its files are written, its folder has not got its name) and
`publish` (the folder is there, `latest` does not point at it). Then the file `gate` appears in the working
directory, and the process is stopped as by SIGSTOP, or its main thread sleeps while the file is there. Once.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from luigi.cmdline import luigi_run

import pipeline.stages.dataset
from targets.atomic import Staged
from targets.shard import ShardWriter

APPENDED = 3


def at(owner: Any, name: str, is_there: Callable[..., bool], reached: Callable[[], None]) -> None:
    """Have a function reach the gate before it does its work, when the moment is there."""
    before = getattr(owner, name)
    passed = False

    def gated(*arguments: Any) -> Any:
        nonlocal passed
        if not passed and is_there(*arguments):
            passed = True
            reached()
        return before(*arguments)

    setattr(owner, name, gated)


def main(stage: str, moment: str, how: str) -> None:
    def reached() -> None:
        gate = Path("gate")
        gate.touch()
        if how == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        while how == "sleep" and gate.exists():
            time.sleep(0.05)

    if stage == "dataset":
        name = "publish_folder" if moment == "append" else "replace_link"
        at(pipeline.stages.dataset, name, lambda *_: True, reached)
    elif moment == "append":
        at(
            ShardWriter,
            "_append",
            lambda writer, _: writer.paths.folder.parent.name == stage and len(writer.done) == APPENDED,
            reached,
        )
    else:
        at(
            Staged,
            "commit",
            lambda staged: staged.path.match(f"{stage}/*/shard-??????.jsonl"),
            reached,
        )
    luigi_run(["--module", "pipeline", *sys.argv[4:]])


if __name__ == "__main__":
    main(*sys.argv[1:4])
