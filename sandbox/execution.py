"""Runs one program in one fresh sandbox, and watches it until nothing of it is left.

Data in: source bytes and `Limits`. Data out: a plain dict of a Result's fields. Runs in the worker, whose
root holds nothing but the staged root, bwrap, /proc and the scratch. Raises OSError when the machine fails.
"""

from __future__ import annotations

import array
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any

from sandbox import tree
from sandbox.cgroup import Control
from sandbox.evidence import Observed, ended_by_signal, judge
from sandbox.inside.runner import EXCEPTION, FAILED, SCARCE, STARTED, TOKEN_SIZE
from sandbox.inside.tripwires import INTACT
from sandbox.limits import MIB, Limits
from sandbox.scratch import Scratch, TooLarge
from sandbox.stream import Stream

EVIDENCE_FD, RUNNER_FD, SECCOMP_FD = 3, 4, 5

LONGEST_START = 60.0  # seconds; a machine that needs longer counts as unable to
_FIRST_SAMPLE, _SAMPLE_EVERY = 0.15, 0.05
_REAP_SECONDS = 10.0
_TREE_SLACK = 32 * MIB  # the interpreter's own pages, bwrap
_MOST_MESSAGES = 8
_END_OF_A_FORK = bytes(TOKEN_SIZE) + INTACT  # what its runner sends, as its token is wiped
_IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGALRM)
_CREDENTIALS = struct.Struct("3i")
_ONE_CREDENTIALS = socket.CMSG_SPACE(_CREDENTIALS.size)


class Gone(Exception):
    """The caller has ended."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is the same for all programs of a worker."""

    bwrap: list[str]  # the command that starts bwrap, and its arguments
    seccomp: int  # descriptor of the filter
    runner: int  # descriptor of the compiled runner with its configuration
    scratch: Scratch
    rlimits: list[tuple[int, tuple[int, int]]]
    control: Control | None
    oom_score: int  # descriptor of the worker's own oom_score_adj
    caller: int  # descriptor that hangs up when the caller has ended
    caller_pid: int


def rlimits(limits: Limits) -> list[tuple[int, tuple[int, int]]]:
    """The resource limits for prlimit, none above the hard limits of this process."""
    memory, files = limits.memory_bytes, limits.open_files
    requested = {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_NPROC: (limits.processes, limits.processes),
        resource.RLIMIT_FSIZE: (limits.file_bytes, limits.file_bytes),
        resource.RLIMIT_NOFILE: (files, files),
        resource.RLIMIT_CPU: (limits.cpu_seconds, limits.cpu_seconds + 1),
        resource.RLIMIT_STACK: (8 * MIB, 8 * MIB),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
        resource.RLIMIT_NICE: (0, 0),
        resource.RLIMIT_RTPRIO: (0, 0),
        resource.RLIMIT_SIGPENDING: (1024, 1024),
    }
    bounded = []
    for kind, (soft, hard) in requested.items():
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        bounded.append((kind, (soft, hard)))
    return bounded


class Execution:
    """The run of one program; for each program a new one."""

    def __init__(self, setup: Setup, limits: Limits) -> None:
        self.setup, self.limits = setup, limits
        self.token = os.urandom(TOKEN_SIZE)
        self.messages: list[bytes] = []
        self.foreign = False
        self.main_pid = 0
        self.killed = ""
        self.started = 0.0
        self.use = tree.Use((), 0, 0.0)
        self.ended = tree.Ended()
        self.peak = 0

    def run(self, source: bytes) -> dict[str, Any]:
        """Run the program to its end; the fields of its Result but `id`, and `scarce` (see Schedule.settle).

        Raises Gone when the caller has ended.
        """
        began = time.monotonic()
        limits = self.limits
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        kills = 0
        if self.setup.control:
            self.setup.control.set_limit(self._tree_limit())
            kills = self.setup.control.kills()
        try:
            with self.setup.scratch.filled(source):
                status = self._supervise()
        except TooLarge:
            detail = f"its source of {len(source)} bytes does not fit into scratch_bytes, {limits.scratch_bytes}"
            return {"status": "failed", "detail": detail}
        ended = time.monotonic()
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        waited = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        cpu = max(waited, self.use.cpu, self.ended.cpu)
        seen = Observed(
            messages=self.messages,
            token=self.token,
            foreign=self.foreign,
            killed=self.killed,
            exit_status=None if self.killed else status,
            out_of_memory=bool(self.setup.control and self.setup.control.kills() > kills),
        )
        verdict, detail = judge(seen)
        number = ended_by_signal(seen)
        if verdict == "crashed" and number == signal.SIGKILL and cpu >= limits.cpu_seconds:
            verdict, detail = "cpu_timeout", ""
        stderr = self.stderr.text()
        return {
            "status": verdict,
            "exit_code": None if number is not None else seen.exit_status,
            "signal": number,
            "stdout": self.stdout.text(),
            "stderr": stderr,
            "wall_s": round(ended - (self.started or began), 6),
            "cpu_s": round(cpu, 6),
            "max_rss": max(self.peak, self.rss),
            "detail": detail or self._default_detail(verdict, stderr),
            "scarce": SCARCE in self.messages,
        }

    def _default_detail(self, verdict: str, stderr: str) -> str:
        limits = self.limits
        lines = [line for line in stderr.splitlines() if line.strip()]
        last = lines[-1].strip()[:200] if lines else ""
        if verdict in ("failed", "compile_error"):
            return last
        cause = f"; before, {last}" if EXCEPTION in self.messages else ""  # threads wait for one that could not start
        return {
            "timeout": f"still running after {limits.wall_seconds:g} s{cause}",
            "cpu_timeout": f"used more than {limits.cpu_seconds} s of processor time",
            "oom": f"used more than {limits.memory_bytes // MIB} MB of memory",
            "output_limit": f"wrote more than {limits.output_limit_bytes // MIB} MB",
            "tampered": "flooded the runner's evidence",
        }.get(verdict, "")

    def _tree_limit(self) -> int:
        return self.limits.memory_bytes + self.limits.scratch_bytes + _TREE_SLACK

    def _supervise(self) -> int:
        """Start bwrap, watch it, end it, wait for all its processes; return its exit status."""
        self.stdout = Stream("/dev/stdout", self.limits.output_bytes)
        self.stderr = Stream("/dev/stderr", self.limits.output_bytes)
        self.evidence, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.evidence.setblocking(False)
        self.evidence.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        pid = self._spawn(inside)
        try:
            with inside:
                self.stdout.close_writer()
                self.stderr.close_writer()
            self._watch(pid)
        finally:
            status = self._end(pid)
            self._read_evidence()
            for stream in (self.stdout, self.stderr):
                stream.drain()
                stream.close()
            self.evidence.close()
        return status

    def _spawn(self, inside: socket.socket) -> int:
        os.lseek(self.setup.seccomp, 0, os.SEEK_SET)
        # when memory runs out, the kernel should kill a test program, never the worker
        os.pwrite(self.setup.oom_score, b"1000", 0)
        try:
            return os.posix_spawn(
                self.setup.bwrap[0],
                self.setup.bwrap,
                {},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, self.stdout.writer, 1),
                    (os.POSIX_SPAWN_DUP2, self.stderr.writer, 2),
                    (os.POSIX_SPAWN_DUP2, inside.fileno(), EVIDENCE_FD),
                    (os.POSIX_SPAWN_DUP2, self.setup.runner, RUNNER_FD),
                    (os.POSIX_SPAWN_DUP2, self.setup.seccomp, SECCOMP_FD),
                ],
                setsigdef=_IGNORED,
            )
        finally:
            os.pwrite(self.setup.oom_score, b"0", 0)

    def _watch(self, pid: int) -> None:
        """Wait until bwrap ends or a limit is exceeded; `killed` then names the limit's status."""
        done = os.pidfd_open(pid)
        poll = select.poll()
        streams = {self.stdout.reader: self.stdout, self.stderr.reader: self.stderr}
        for fd in (done, self.evidence.fileno(), *streams):
            poll.register(fd, select.POLLIN)
        poll.register(self.setup.caller, 0)  # its hang-up is always reported
        deadline = time.monotonic() + LONGEST_START
        next_sample = time.monotonic() + _FIRST_SAMPLE
        try:
            while not self.killed:
                wait = min(deadline, next_sample) - time.monotonic()
                events = poll.poll(max(0, int(wait * 1000) + 1))
                for fd, _ in events:
                    if fd == done:
                        return
                    if fd == self.setup.caller:
                        raise Gone
                    if fd in streams:
                        if not streams[fd].drain():
                            poll.unregister(fd)
                    elif not self._read_evidence():
                        poll.unregister(fd)
                if self.main_pid and not self.started:
                    self.started = time.monotonic()
                    deadline = self.started + self.limits.wall_seconds
                now = time.monotonic()
                if self.stdout.seen + self.stderr.seen > self.limits.output_limit_bytes:
                    self.killed = "output_limit"
                elif len(self.messages) > _MOST_MESSAGES:
                    self.killed = "tampered"
                elif now >= deadline:
                    self.killed = "timeout" if self.started else "sandbox_error"
                elif now >= next_sample:
                    next_sample = now + _SAMPLE_EVERY
                    self._sample(pid)
        finally:
            os.close(done)

    def _sample(self, pid: int) -> None:
        """Sample the tree of processes; set `killed` where a limit is exceeded."""
        if os.getppid() != self.setup.caller_pid:
            raise Gone
        self.use = use = tree.measure(pid)
        self.peak = max(self.peak, use.rss)
        self.ended.note(use)
        if max(use.cpu, self.ended.cpu) > self.limits.cpu_seconds + 1:
            self.killed = "cpu_timeout"
            return
        limit = self._tree_limit() - tree.socket_memory() - tree.shared_memory(use.pids)
        if use.anonymous > limit and (limit <= 0 or tree.proportional(use.pids) > limit):
            self.killed = "oom"

    def _read_evidence(self) -> bool:
        """Read the messages in the socket; False once its other side is closed."""
        for _ in range(_MOST_MESSAGES):
            try:
                message, ancillary, _, _ = self.evidence.recvmsg(256, _ONE_CREDENTIALS)
            except (BlockingIOError, ConnectionError):
                return True
            pid = _sender(ancillary)
            if not message and not pid:
                return False
            if not self.main_pid:
                if message == STARTED:
                    self.main_pid = pid
                    self._admit()
                self.messages.append(message)
            elif pid == self.main_pid:
                if message != FAILED or FAILED not in self.messages:
                    self.messages.append(message)
            elif len(message) != 1 and message != _END_OF_A_FORK:  # or with one letter
                self.foreign = True
        return True

    def _admit(self) -> None:
        """Set the limits on the program's process, which waits for the token, then send the token."""
        for kind, values in self.setup.rlimits:
            resource.prlimit(self.main_pid, kind, values)
        self.evidence.send(self.token)

    def _end(self, pid: int) -> int:
        """Kill what is left and wait until all of it has ended; the exit status of bwrap."""
        if self.killed or sys.exc_info()[0] is not None:
            if not self.use.pids or self.killed != "cpu_timeout":
                self.use = tree.measure(pid)
            os.kill(pid, signal.SIGKILL)
        status, self.rss = 0, 0
        deadline = time.monotonic() + _REAP_SECONDS
        signal.setitimer(signal.ITIMER_REAL, 0.5, 0.1)
        try:
            while True:
                try:
                    ended, raw, usage = os.wait4(-1, 0)
                except ChildProcessError:
                    return status
                except InterruptedError:
                    for child in tree.children(os.getpid()):
                        os.kill(child, signal.SIGKILL)
                    if time.monotonic() > deadline:
                        raise OSError("processes of a sandbox do not end") from None
                    continue
                if ended == pid:
                    code = os.waitstatus_to_exitcode(raw)
                    status = code if code >= 0 else 128 - code
                else:  # bwrap's own peak is that of the worker, whose memory it had before its exec
                    self.rss = max(self.rss, usage.ru_maxrss * 1024)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _sender(ancillary: list[Any]) -> int:
    """The process id that the kernel attests, 0 without one; descriptors that came along are closed."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0])
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for fd in array.array("i", data[: len(data) - len(data) % 4]):
                os.close(fd)
    return 0
