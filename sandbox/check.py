"""Examines what this machine has for sandboxes, and names the remedy for what it lacks.

Data in: the machine. Data out: `Finding`s, each PASS, CAUTION (it works, with less) or FAIL (it cannot work).
The last is a live test: programs with expected verdicts, run like any other.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox import bwrap, cgroup, seccomp
from sandbox.errors import SandboxUnavailable
from sandbox.inside.tripwires import FORBIDDEN
from sandbox.limits import Limits
from sandbox.pool import Pool
from sandbox.remedies import remedies
from sandbox.result import Program
from sandbox.staging.files import Log
from sandbox.staging.root import StagedRoot, find_bwrap, prepare

PASS, CAUTION, FAIL = "PASS", "CAUTION", "FAIL"
_PER_NAMESPACE_NPROC = (5, 14)

# name: (program, the statuses it may end with)
SELF_TEST = {
    "a program that passes": ("assert 1 + 1 == 2\n", ("passed",)),
    "a program that fails": ("assert 1 + 1 == 3\n", ("failed",)),
    "a program that leaves early": ("import sys\nsys.exit(0)\nassert False\n", ("exited_early",)),
    "a program that forges": ("import gc\ngc.get_objects()\n", ("tampered",)),
    "a program that looks for the network and the host's files": (
        "import os, socket\n"
        "for act in (lambda: socket.socket(), lambda: os.listdir('/proc/1'), lambda: open('/usr/x', 'w')):\n"
        "    try:\n        act()\n    except OSError:\n        continue\n    os._exit(3)\n",
        ("passed",),
    ),
    "a program that takes too much memory": ("x = bytearray(1 << 40)\n", ("oom",)),
    "a program that starts daemons": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n",
        ("passed",),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `remedy` is empty where there is nothing to do."""

    level: str
    name: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{self.level:8}{self.name}: {self.text}"
        return f"{line}\n        -> {self.remedy}" if self.remedy else line


def examine(log: Log | None = None) -> Iterator[Finding]:
    """All findings, one at a time; the live test comes last, and only if nothing has failed."""
    failed = False
    for finding in (
        _bwrap(),
        _user_namespaces(),
        _seccomp(),
        _kernel(),
        _interpreter(),
        _memory_control(),
    ):
        failed |= finding.level == FAIL
        yield finding
    if failed:
        return
    try:
        staged = prepare(log=log)
    except SandboxUnavailable as error:
        yield Finding(FAIL, "staged root", str(error))
        return
    yield Finding(PASS, "staged root", f"{staged.folder} ({_megabytes(staged)} MB)")
    yield from _self_test(log)


def report(as_json: bool = False, log: Log | None = None) -> int:
    """Print the findings; the exit code: 0 when sandboxes work here, else 2."""
    levels = []
    for finding in examine(log):
        levels.append(finding.level)
        print(json.dumps(asdict(finding)) if as_json else finding, flush=True)
    return 2 if FAIL in levels else 0


def _bwrap() -> Finding:
    try:
        path = find_bwrap()
        version = bwrap.version(path)
    except SandboxUnavailable as error:
        return Finding(FAIL, "bubblewrap", str(error), "sudo apt-get install bubblewrap")
    return Finding(PASS, "bubblewrap", f"{path}, version {'.'.join(map(str, version))}")


def _user_namespaces() -> Finding:
    """Try what the worker does: a user and a mount namespace, and a tmpfs in them."""
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from sandbox import worker, linux\n"
        "uid, gid = worker.drop_root(0)\n"
        "worker.own_namespaces(uid, gid)\n"
        "linux.mount('tmpfs', '/proc', 'tmpfs', 0)\n"
    )
    here = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, here], capture_output=True, text=True, cwd="/")
    if done.returncode == 0:
        return Finding(PASS, "user namespaces", "unprivileged processes may make them")
    reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "refused"
    return Finding(FAIL, "user namespaces", reason, remedies())


def _seccomp() -> Finding:
    machine = platform.machine()
    try:
        lines = len(seccomp.build(machine)) // 8
    except (KeyError, ValueError):
        return Finding(FAIL, "seccomp", f"no system call table for {machine}", "use x86_64 or aarch64")
    if "Seccomp:" not in Path("/proc/self/status").read_text():
        return Finding(FAIL, "seccomp", "this kernel has none", "use a kernel with CONFIG_SECCOMP_FILTER")
    return Finding(PASS, "seccomp", f"filter of {lines} instructions for {machine}")


def _kernel() -> Finding:
    release = platform.release()
    parts = tuple(int("".join(filter(str.isdigit, part)) or 0) for part in release.split(".")[:2])
    if parts < _PER_NAMESPACE_NPROC:
        text = f"Linux {release} counts processes for the whole machine, not for each sandbox"
        return Finding(CAUTION, "kernel", text, "use Linux 5.14 or newer")
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        text = "without CONFIG_PROC_CHILDREN the memory of a program's children is not seen"
        return Finding(CAUTION, "kernel", text, "use a kernel with it, or a memory control group")
    return Finding(PASS, "kernel", f"Linux {release}")


def _interpreter() -> Finding:
    text = f"Python {platform.python_version()}, {os.path.realpath(sys.executable)}"
    inside = FORBIDDEN.intersection(sys.builtin_module_names)
    if inside:
        return Finding(
            CAUTION,
            "interpreter",
            f"{text} contains {', '.join(sorted(inside))}, through which a program can forge a pass",
            "run with a Python whose ctypes is a file of its own: a system's, or one built by pyenv",
        )
    if not _is_position_independent(os.path.realpath(sys.executable)):
        return Finding(
            CAUTION,
            "interpreter",
            f"{text} lies at fixed addresses, which makes attacks on its memory easier",
            "run with a Python that was built as a position-independent executable",
        )
    return Finding(PASS, "interpreter", text)


def _is_position_independent(path: str) -> bool:
    """Whether an ELF program is of the type ET_DYN, which the kernel loads at a random address."""
    with open(path, "rb") as file:
        header = file.read(18)
    return header[16:18] == b"\3\0"


def _memory_control() -> Finding:
    group = cgroup.create(f"{cgroup.PREFIX}{os.getpid()}-check")
    if group is None:
        return Finding(
            CAUTION,
            "memory control",
            "no control group can be made here; memory is sampled 20 times a second instead",
            "run as root, or under `systemd-run --user --scope`",
        )
    cgroup.remove(group.folder)
    return Finding(PASS, "memory control", f"control groups v{group.version} in {group.folder.parent}")


def _self_test(log: Log | None) -> Iterator[Finding]:
    programs = [Program(name, source) for name, (source, _) in SELF_TEST.items()]
    try:
        with Pool(1, Limits(), log=log) as pool:
            for result in pool.run_many(programs):
                expected = SELF_TEST[result.id][1]
                level = PASS if result.status in expected else FAIL
                text = f"{result.status}, {result.wall_s * 1000:.0f} ms"
                if level == FAIL:
                    text = f"{result.status} instead of {expected[0]}: {result.detail or result.stderr[-200:]}"
                yield Finding(level, result.id, text)
    except SandboxUnavailable as error:
        yield Finding(FAIL, "live test", str(error), remedies())


def _megabytes(staged: StagedRoot) -> int:
    sizes = (os.lstat(f"{folder}/{name}").st_size for folder, _, names in os.walk(staged.folder) for name in names)
    return sum(sizes) >> 20
