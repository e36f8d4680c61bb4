"""The bwrap command line. Pure: limits do not appear in it, so that it is built once a worker."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sandbox.errors import SandboxUnavailable

LEAST = (0, 5, 0)  # --clearenv
_DISABLE_USERNS = (0, 8, 0)

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "USER": "user",
    "LOGNAME": "user",
    "LANG": "C.UTF-8",
    "TZ": "UTC0",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MiB of address space for each
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
HOSTNAME = "sandbox"
SCRATCH = "/scratch/tmp"  # as the worker sees it


def version(path: Path) -> tuple[int, ...]:
    """The version of a bwrap; raises SandboxUnavailable if it is too old or does not run."""
    try:
        output = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    except OSError as error:
        raise SandboxUnavailable(f"{path} does not run: {error}; reinstall bubblewrap") from error
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", output)
    if not match:
        raise SandboxUnavailable(f"{path} --version prints {output!r}; reinstall bubblewrap")
    numbers = tuple(int(part or 0) for part in match.groups())
    if numbers < LEAST:
        least = ".".join(map(str, LEAST))
        raise SandboxUnavailable(f"{path} is bubblewrap {output.strip()}; {least} or newer is needed")
    return numbers


def arguments(program: list[str], bwrap_version: tuple[int, ...], seccomp_fd: int) -> list[str]:
    """Options and command, without the name of bwrap. Paths are those of the worker's root."""
    options = [
        "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname", HOSTNAME,
        "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--clearenv",
    ]  # fmt: skip
    if bwrap_version >= _DISABLE_USERNS:
        options.append("--disable-userns")
    for name, value in ENVIRONMENT.items():
        options += ["--setenv", name, value]
    options += [
        "--ro-bind",
        "/root",
        "/",
        "--bind",
        SCRATCH,
        "/tmp",
        "--dev-bind",
        "/dev",
        "/dev",
    ]
    options += ["--chdir", "/tmp", "--seccomp", str(seccomp_fd)]
    return [*options, "--", *program]
