"""Run untrusted Python test programs, each in its own bubblewrap: `from sandbox import Pool, Program, Limits`.

Theory of operation
===================

The processes, from the outside in:

    the caller      Pool: hands out programs, takes results, replaces workers that die        pool.py, schedule.py
     `- worker      one a slot, unprivileged, in namespaces and a root of its own       worker.py, execution.py
         `- bwrap   one a program: makes the program's namespaces, waits for its end                   bwrap.py
             `- init   bwrap's process 1 inside; when it ends, the kernel kills all that is left
                 `- python   the runner, then the program, in one process                     boot.py, inside/
                     `- whatever the program starts

A worker that was started by root first changes to an unprivileged uid, then every worker makes a user, a mount
and a network namespace and changes to a root with nothing in it but the staged root (an interpreter, its
libraries, the standard library: staging/), bwrap, /proc, five devices and the scratch. So bwrap never has a
capability outside, and even a bwrap that failed to isolate would have nothing of the host to show.
For each program the worker puts main.py into an empty scratch, starts bwrap, and waits for the runner's first
message. Then it sets the limits on the runner's process from outside, sends the token, and watches until bwrap
has ended; as sub-reaper it waits for everything below it before it takes the next program.

Two folders are set apart:

    inside/      runs in the program's own process and imports the standard library alone: runner.py (the pass
                 protocol), tripwires.py (forbidden acts), importer.py (imports), endings.py (programs that end by
                 leaving, unittest, doctest, pytest), safe_ctypes.py, staged as `ctypes`, and what is added to
                 falsified programs: wrong.py, honest.py
    staging/     builds what a program can see: root.py (the cached root), files.py (its content), libraries.py
                 (shared libraries), packages.py (installed distributions)

What holds what:

    files        a read-only root without the host's files; /tmp is a tmpfs, capped in bytes and files, noexec,
                 emptied provably or thrown away (scratch.py); /dev has null, zero, full, random, urandom; no /proc
    locks        each worker has an overlay of the staged root, and as root devices, of its own
    processes    a pid namespace: nobody else to see or signal; init's end kills all, and init and bwrap die with
                 the worker (parent-death signals), the worker with the caller (its pipe, its parent's id)
    network      an empty network namespace without an interface that is up, shared by one worker's programs one
                 after the other, and a seccomp filter that makes sockets of the Unix family only
    kernel       no capabilities, no_new_privs, no further user namespaces, a seccomp filter (seccomp.py)
    memory       RLIMIT_AS for each process; for all together a control group where one can be made (cgroup.py), and
                 sampled 20 times a second (tree.py): resident memory, shared mappings, sockets, the number of mappings;
                 no memfd, no SysV memory, no epoll or inotify, whose watches only the kernel sees
    time         RLIMIT_CPU for each process, CPU of the tree sampled (of children that nobody waits for, what the
                 samples saw), wall time by the worker's clock
    the rest     RLIMIT_NPROC (inside, so it counts this sandbox alone), NOFILE, FSIZE, CORE, MSGQUEUE, MEMLOCK;
                 output is counted, kept up to a limit, and the program killed beyond another
    sameness     hostname, uid, time zone, locale, hash seed, environment and paths are the same in every run

A pass. The program's own process must send the token back after its last top-level statement, nothing else may
be on that socket, and its exit code must be 0. The kernel attests which process wrote. inside/runner.py
explains why Python code cannot reach the token; evidence.py is the verdict as a pure function.

Falsification. A response and its tests share one interpreter, so a pass alone does not prove that the tests were
run or that their comparisons are true. Where a pass is used, it is falsified (falsification.py): the response is
run again in programs in which its tests can no longer be right (falsified.py, expectations.py, comparisons.py).

What is promised: nothing of the host is read, written, signalled or slowed down beyond the limits; nothing
survives; a program passes only when its own process reached its last statement and left with exit code 0: not by
leaving early, by another process, by writing evidence itself, or by printing. A failure of the machine is a
sandbox_error, never a failed program. Where no sandbox can be made, SandboxUnavailable names the remedy; there is
no mode without one.

What is not promised: that the tests in a program were run or that their comparisons are true, without
falsification; that a program which corrupts its interpreter's memory (hand-made byte code, a bug of CPython, a
compiled package such as numpy) cannot forge its own pass, and only that: it stays in the sandbox; that locks on the
five devices tell nothing where the pool does not run as root; protection from bugs in the kernel, or from side
channels of the processor; a bound on the kernel memory behind pipes other than that of their number, without a
control group.
"""

from __future__ import annotations

from sandbox.errors import SandboxUnavailable
from sandbox.limits import Limits
from sandbox.pool import Pool, require, run
from sandbox.result import STATUSES, Program, Result
from sandbox.staging.root import prepare

# The version of the verdicts: raised when the same program could get another one.
PROTOCOL = "4"

__all__ = [
    "PROTOCOL",
    "STATUSES",
    "Limits",
    "Pool",
    "Program",
    "Result",
    "SandboxUnavailable",
    "prepare",
    "require",
    "run",
]
