"""Sweep up after processes that were killed: what they would have removed themselves.

Temporary files and folders, leases, and journals whose shard is published. What belongs to a living
process stays, here and, unless told that there is none, on other machines.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from targets.lease import holder_is_dead
from targets.processes import place, process_alive

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<place>[0-9a-f]{8})\.(?P<pid>\d+)\.tmp")
_LEASE = re.compile(r".+\.lease-\d+")
_JOURNAL = re.compile(r"(?P<shard>shard-\d{6})\.journal")


def sweep(root: Path, alone: bool) -> list[Path]:
    """Remove what is left below `root` by processes that are no more; return it.

    `alone` says that no other machine works below `root`: then what was written elsewhere (before a
    restart of this machine, in a container) is left over as well.
    """
    removed = []
    for folder, folders, files in os.walk(root):
        for name in [*files, *folders]:
            path = Path(folder, name)
            if not _left_over(path, alone):
                continue
            if name in folders:
                folders.remove(name)
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _left_over(path: Path, alone: bool) -> bool:
    if match := _TEMPORARY.fullmatch(path.name):
        if match["place"] != place():
            return alone
        return int(match["pid"]) == os.getpid() or not process_alive(int(match["pid"]))
    if _LEASE.fullmatch(path.name):
        return alone or holder_is_dead(path)
    if match := _JOURNAL.fullmatch(path.name):
        return path.with_name(f"{match['shard']}.jsonl").exists()
    return False
