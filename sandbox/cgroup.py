"""A memory control group for one worker's programs: cgroup v2, v1, or none.

Data in: /proc/self/cgroup, /proc/self/mountinfo, the files of the hierarchy. Data out: a `Group`, or None
where none may be made; then the worker samples resident memory itself. The worker moves itself into the
group, so whatever it starts is inside from its first instruction; the kernel's OOM killer takes the programs
first, because they have the highest oom_score_adj.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "sandbox-"  # then the pid of the process that made the group, a dash, and anything
WORKER_BYTES = 48 << 20  # the worker itself, bwrap, kernel memory of the namespaces


@dataclass(frozen=True, slots=True)
class Group:
    """One control group, still empty; `version` is 1 or 2."""

    folder: Path
    version: int

    def enter(self) -> None:
        """Move the calling process in."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))


@dataclass(frozen=True, slots=True)
class Control:
    """Open descriptors of a group's files: they stay valid after the change of root and uid."""

    version: int
    limit: int
    events: int

    @classmethod
    def open(cls, group: Group) -> Control:
        names = (
            ("memory.limit_in_bytes", "memory.oom_control") if group.version == 1 else ("memory.max", "memory.events")
        )
        return cls(
            group.version,
            os.open(group.folder / names[0], os.O_RDWR | os.O_CLOEXEC),
            os.open(group.folder / names[1], os.O_RDONLY | os.O_CLOEXEC),
        )

    def set_limit(self, size: int) -> None:
        os.pwrite(self.limit, str(size + WORKER_BYTES).encode(), 0)

    def kills(self) -> int:
        """How many processes of the group the OOM killer has killed so far."""
        for line in os.pread(self.events, 4096, 0).splitlines():
            name, _, value = line.partition(b" ")
            if name == b"oom_kill":
                return int(value)
        return 0


def create(name: str, *, proc: Path = Path("/proc/self")) -> Group | None:
    """A new group `name` below, or beside, the caller's own; None where that is not allowed."""
    for folder, version in candidates(
        (proc / "cgroup").read_text().splitlines(), (proc / "mountinfo").read_text().splitlines()
    ):
        group = _try(folder / name, version)
        if group is not None:
            _sweep(folder)
            return group
    return None


def _sweep(folder: Path) -> None:
    """Remove the empty groups of processes that were killed before they could."""
    for path in folder.glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            remove(path)


def remove(folder: Path) -> None:
    """Remove an empty group; a busy one stays."""
    with suppress(OSError):
        os.rmdir(folder)


def candidates(cgroup: Sequence[str], mountinfo: Sequence[str]) -> list[tuple[Path, int]]:
    """Folders in which a group may be made, the likeliest first.

    v1: below this process's group of the memory hierarchy. v2: below each ancestor that delegates the memory
    controller to its children; never below this process's group, which holds processes and so cannot.
    """
    mounts = _mounts(mountinfo)
    folders: list[tuple[Path, int]] = []
    for line in cgroup:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(",") and "memory" in mounts:
            folders.append((_below(mounts["memory"], path), 1))
        elif not controllers and "" in mounts:
            top, _ = mounts[""]
            folder = _below(mounts[""], path)
            while folder != top and folder.is_relative_to(top):
                folder = folder.parent
                try:
                    shared = (folder / "cgroup.subtree_control").read_text().split()
                except OSError:
                    continue
                if "memory" in shared:
                    folders.append((folder, 2))
    return folders


def _mounts(mountinfo: Sequence[str]) -> dict[str, tuple[Path, str]]:
    """Controller ("" for v2) -> (mount point of its hierarchy, folder of the hierarchy that is mounted there)."""
    mounts = {}
    for line in mountinfo:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if kind[0] == "cgroup2":
            mounts[""] = (Path(fields[4]), fields[3])
        elif kind[0] == "cgroup" and "memory" in kind[2].split(","):
            mounts["memory"] = (Path(fields[4]), fields[3])
    return mounts


def _below(mount: tuple[Path, str], path: str) -> Path:
    top, shown = mount
    if shown != "/" and path.startswith(shown):
        path = path[len(shown) :]
    return top / path.strip("/")


def _try(folder: Path, version: int) -> Group | None:
    limit = "memory.limit_in_bytes" if version == 1 else "memory.max"
    try:
        os.mkdir(folder)
    except OSError:
        return None
    try:
        if os.access(folder / limit, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK):
            if version == 2 and (folder / "memory.swap.max").exists():
                (folder / "memory.swap.max").write_text("0")
            return Group(folder, version)
    except OSError:
        pass
    remove(folder)
    return None
