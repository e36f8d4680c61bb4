"""Removes what killed processes left behind: temporary files and folders, leases, and journals whose shard
is published.

Files of living processes stay, on this machine and, unless `alone`, on others.
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
    """Remove what dead processes left below `root`; return the paths removed.

    `alone` means that no other machine works below `root`: then files written elsewhere (before a restart
    of this machine, in a container) are removed as well.
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
