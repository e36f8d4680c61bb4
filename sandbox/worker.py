"""A worker: one process that runs one program after another, each in its own bwrap.

Data in: frames on stdin, first the configuration, then one for each program. Data out: frames on stdout, first
whether the worker is ready, then one for each result. The pool starts it as a fresh interpreter, so that it
inherits neither threads nor descriptors of the caller. It ends when its stdin closes or its parent has ended.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import platform
import resource
import select
import signal
import stat
import sys
from pathlib import Path
from typing import IO, Any

from sandbox import bwrap, cgroup, linux, seccomp
from sandbox.boot import compile_runner
from sandbox.execution import SECCOMP_FD, Execution, Gone, Setup, rlimits
from sandbox.limits import Limits
from sandbox.scratch import Scratch

FIRST_UID = 61_000  # between Linux's usual accounts and systemd's dynamic ones
_UIDS = 184
_DEVICES = {name: name for name in ("null", "zero", "full", "random", "urandom")} | {"stdin": "null"}
_STREAMS = ("stdout", "stderr")
_EVIDENCE_BELOW = 256  # the runner moves its socket to a high descriptor, but below any soft limit
_LOWEST_FD = 16  # descriptors below are set up again for each program


def write_frame(stream: IO[bytes], value: Any) -> None:
    data = marshal.dumps(value)
    stream.write(len(data).to_bytes(4, "little") + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """The next value; EOFError at the end of the stream."""
    size = int.from_bytes(_read_exactly(stream, 4), "little")
    return marshal.loads(_read_exactly(stream, size))


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    """Read in pieces: one read of a pipe gives no more than its buffer holds."""
    data = bytearray()
    while len(data) < size:
        piece = stream.read(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def main() -> None:
    """Serve until the caller has ended."""
    caller = os.getppid()
    os.umask(0o022)  # programs inherit it, and it is the same in every run
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _interrupt)
    requests, replies = _claim(0), _claim(1)
    null = _claim(os.open("/dev/null", os.O_RDWR))
    for fd in range(_LOWEST_FD):
        if fd != 2:
            os.dup2(null, fd, inheritable=False)
    reader, writer = os.fdopen(requests, "rb", buffering=0), os.fdopen(replies, "wb")
    try:
        config = read_frame(reader)
        limits = Limits(**config["limits"])
        setup = _set_up(config, requests, caller)
    except Exception as error:  # noqa: BLE001  whatever it is, the caller names it
        write_frame(writer, {"ready": False, "error": _reason(error)})
        return
    write_frame(writer, {"ready": True})
    try:
        while _wait(requests, caller):
            source = read_frame(reader)
            try:
                fields = Execution(setup, limits).run(source)
            except Gone:
                raise
            except Exception as error:  # noqa: BLE001  never the program's fault; the pool tries again
                detail = f"the worker failed: {type(error).__name__}: {error}"
                fields = {"status": "sandbox_error", "detail": detail}
            write_frame(writer, fields)
    except (EOFError, Gone, BrokenPipeError):
        pass


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"


def _interrupt(number: int, frame: object) -> None:
    raise InterruptedError


def _claim(fd: int) -> int:
    """A private copy of a descriptor, at a number that stays free."""
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _LOWEST_FD)


def _wait(requests: int, caller: int) -> bool:
    """Wait for a request; False once the parent has ended, even if another process holds the pipe open."""
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    while not poll.poll(500):
        if os.getppid() != caller:
            return False
    return True


def _set_up(config: dict[str, Any], requests: int, caller: int) -> Setup:
    """Become unprivileged, in new namespaces and a new root. Raises OSError."""
    staged = config["staged"]
    folder = Path(staged["folder"])
    control = _enter_cgroup(config["cgroup"])
    limits = Limits(**config["limits"])
    boot, text = compile_runner(
        {
            "fd": min(limits.open_files, _EVIDENCE_BELOW, resource.getrlimit(resource.RLIMIT_NOFILE)[0]) - 1,
            "path": [staged["packages_path"]] if staged["packages_path"] else [],
            "stdlib": staged["stdlib"],
            "mmap": _mapping_module(staged["stdlib"]),
        },
    )
    runner = _memory_file("runner", text)
    filter_fd = _memory_file("seccomp", seccomp.build(platform.machine()))
    oom_score = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
    os.chdir(folder.parent)
    if os.getuid() == 0:
        own_devices()
    uid, gid = drop_root(config["slot"])
    linux.forbid_new_privileges()
    own_namespaces(uid, gid)
    _change_root(folder.name)
    linux.become_subreaper()
    flags = ["-S", "-s", "-B"] + (["-P"] if sys.version_info >= (3, 11) else [])
    program = [staged["python"], *flags, "-c", boot]
    command = ["/tools/bwrap", *bwrap.arguments(program, tuple(config["bwrap"]), SECCOMP_FD)]
    if staged["loader"]:
        command = [staged["loader"], "--library-path", "/tools", *command]
    return Setup(
        bwrap=command,
        seccomp=filter_fd,
        runner=runner,
        scratch=Scratch("/scratch", limits),
        rlimits=rlimits(limits),
        control=control,
        oom_score=oom_score,
        caller=requests,
        caller_pid=caller,
    )


def _mapping_module(stdlib: str) -> str:
    """The file of the module mmap as the program sees it; "" where it is built in."""
    spec = importlib.util.find_spec("mmap")
    origin = spec.origin if spec else None
    return f"{stdlib}/lib-dynload/{os.path.basename(origin)}" if origin and os.path.isabs(origin) else ""


def own_devices() -> None:
    """Let root see devices of this process's own in /dev: a lock on one is then seen by no other worker.

    Where root may not make them, those of the machine stay.
    """
    try:
        linux.unshare(linux.CLONE_NEWNS)
        linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
        numbers = {name: os.stat(f"/dev/{name}").st_rdev for name in set(_DEVICES.values())}
        linux.mount("tmpfs", "/dev", "tmpfs", linux.MS_NOSUID | linux.MS_NOEXEC, "size=64k,mode=0755")
    except OSError:
        return
    try:
        for name, number in numbers.items():
            os.mknod(f"/dev/{name}", stat.S_IFCHR, number)
            os.chmod(f"/dev/{name}", 0o666)
            os.close(os.open(f"/dev/{name}", os.O_RDWR))
    except OSError:
        linux.unmount("/dev")


def drop_root(slot: int) -> tuple[int, int]:
    """Change from root to an unprivileged uid of this slot; the uid and gid this process now has.

    Root of a user namespace in which that uid does not exist is an ordinary user outside, and stays.
    """
    uid = FIRST_UID + slot % _UIDS
    if os.getuid() == 0 and _is_mapped(uid, "uid_map") and _is_mapped(uid, "gid_map"):
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        linux.make_dumpable()
    return os.getuid(), os.getgid()


def _is_mapped(number: int, name: str) -> bool:
    for line in Path(f"/proc/self/{name}").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= number < first + count:
            return True
    return False


def _enter_cgroup(folder: tuple[str, int] | None) -> cgroup.Control | None:
    if folder is None:
        return None
    group = cgroup.Group(Path(folder[0]), folder[1])
    control = cgroup.Control.open(group)
    group.enter()
    return control


def _memory_file(name: str, data: bytes) -> int:
    """A descriptor whose content is `data`."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    os.write(fd, data)
    return fd


def own_namespaces(uid: int, gid: int) -> None:
    """Enter a user namespace with the right to mount, a mount namespace, and an empty network namespace.

    The network is made once, because that costs as much as the rest of a program's namespaces together: one
    program after the other is in it, none can make a network socket in it (seccomp), and the abstract Unix
    sockets that it isolates end with their processes.
    """
    linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWNET)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {uid} 1"),
        ("gid_map", f"1000 {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)


def _change_root(staged: str) -> None:
    """Change to a root with only what bwrap needs: few mounts to copy, no access to the host's files."""
    bind = linux.MS_BIND | linux.MS_REC
    linux.mount("tmpfs", "mnt", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=64k,mode=0755")
    for name in ("root", "tools", "scratch", "proc", "dev", "tmp", "old"):
        os.mkdir(f"mnt/{name}")
    try:  # an overlay has files of its own, so that no other worker sees a lock on one; users may mount one since 5.11
        options = f"lowerdir={staged}/root:mnt/tmp"
        linux.mount("overlay", "mnt/root", "overlay", linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV, options)
    except OSError:
        linux.mount(f"{staged}/root", "mnt/root", None, bind)
    linux.mount(f"{staged}/tools", "mnt/tools", None, bind)
    linux.mount("/proc", "mnt/proc", None, bind)
    for name, device in _DEVICES.items():
        open(f"mnt/dev/{name}", "w").close()
        linux.mount(f"/dev/{device}", f"mnt/dev/{name}", None, linux.MS_BIND)
    for name in _STREAMS:
        os.mkfifo(f"mnt/dev/{name}", 0o600)
    os.symlink("/tmp", "mnt/dev/shm")
    os.chdir("mnt")
    linux.pivot_root(".", "old")
    os.chdir("/")
    linux.unmount("/old")
    os.rmdir("/old")
    read_only = linux.MS_REMOUNT | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("none", "/", None, read_only, "size=64k,mode=0755")
