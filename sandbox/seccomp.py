"""Builds the filter of system calls, a classic BPF program for `bwrap --seccomp`.

Data out: bytes, an array of `struct sock_filter`. No libseccomp: the filter is a table and a loop.
Refused calls fail (EPERM, or ENOSYS where a library has a fallback); no process is killed for one.
Calls newer than the table (numbers above `NEWEST`) do not exist here.

Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

ALLOW, KILL = 0x7FFF0000, 0x80000000
_LOAD, _JA, _JEQ, _JGE, _JSET, _RET = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_TO_X, _JGT_X = 0x07, 0x2D
_NUMBER, _ARCH = 0, 4
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEWEST = 452  # fchmodat2; numbers from 424 on are the same everywhere

_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone can carry
# What the standard library calls of ioctl: isatty and the size of a terminal (there is none), blocking, inheritance.
# Others write to memory at an address that fcntl.ioctl takes from a number, or type into a terminal.
_IOCTLS = (0x5401, 0x5413, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX
_F_SETLEASE, _F_NOTIFY = 1024, 1026
_BUFFER_SIZES = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and both of the privileged
_AF_UNIX = 1
_SOL_SOCKET = 1
_PERSONALITY_QUERY = 0xFFFFFFFF

# fmt: off
# name: (x86_64, aarch64); None where the architecture has no such call
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # the machine: log, accounting, quota, clock, names, power, swap
    "syslog": (103, 116), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
    "vhangup": (153, 58), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    # the whole machine's dirty pages
    "sync": (162, 81), "syncfs": (306, 267),
    # modules, raw input and output, tracing
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "create_module": (174, None), "query_module": (178, None), "get_kernel_syms": (177, None),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "bpf": (321, 280),
    "perf_event_open": (298, 241), "uselib": (134, None), "ustat": (136, None),
    "sysfs": (139, None), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "_sysctl": (156, None),
    # keyrings: shared between the runs of one user
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # other processes' memory and descriptors
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51),
    # placement of memory
    "move_pages": (279, 239), "migrate_pages": (256, 238), "mbind": (237, 235),
    "set_mempolicy": (238, 237), "get_mempolicy": (239, 236), "set_mempolicy_home_node": (450, 450),
    # files by handle, file notification, page faults in user space
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "userfaultfd": (323, 282),
}
_MISSING: dict[str, tuple[int | None, int | None]] = {
    # glibc falls back to clone, whose flags the filter can read
    "clone3": (435, 435),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "io_setup": (206, 0), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # watches that pin kernel memory, bounded for a whole user alone; the standard library uses poll instead of epoll
    "inotify_init": (253, None), "inotify_init1": (294, 26), "epoll_create": (213, None), "epoll_create1": (291, 20),
    # memory that no file system's size and no address-space limit bounds
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
}
# fmt: on

_Line = tuple[int, int, int, int]  # operation, jump if true, jump if false, constant
_Code = tuple[_Line, ...]
_FAR = 255  # lines that a conditional jump can skip


def _fail(error: int) -> _Line:
    return (_RET, 0, 0, 0x00050000 | error)


def _argument(index: int) -> _Line:
    """Load the low half of a call's argument from `struct seccomp_data`, little-endian."""
    return (_LOAD, 0, 0, 16 + 8 * index)


@dataclass(frozen=True, slots=True)
class _ByArgument:
    """A call that is decided by an argument: its numbers on x86_64 and aarch64, and the code."""

    numbers: tuple[int, int]
    code: _Code


_UNIX_ONLY = (
    _argument(0), (_JEQ, 0, 1, _AF_UNIX), (_RET, 0, 0, ALLOW), _fail(errno.EAFNOSUPPORT),
)  # fmt: skip
_BY_ARGUMENT = {
    "socket": _ByArgument((41, 198), _UNIX_ONLY),
    "socketpair": _ByArgument((53, 199), _UNIX_ONLY),
    "clone": _ByArgument(
        (56, 220),
        (_argument(0), (_JSET, 0, 1, _NAMESPACES), _fail(errno.EPERM), (_RET, 0, 0, ALLOW)),
    ),
    "ioctl": _ByArgument(
        (16, 29),
        (
            _argument(1), *((_JEQ, len(_IOCTLS) - at, 0, request) for at, request in enumerate(_IOCTLS)),
            _fail(errno.EPERM), (_RET, 0, 0, ALLOW),
        ),
    ),
    # a larger buffer is promised and not given: what sockets hold is bounded by their number (tree.socket_memory)
    "setsockopt": _ByArgument(
        (54, 208),
        (
            _argument(2), *((_JEQ, len(_BUFFER_SIZES) - at, 0, name) for at, name in enumerate(_BUFFER_SIZES)),
            (_RET, 0, 0, ALLOW), _argument(1), (_JEQ, 0, 1, _SOL_SOCKET), _fail(0), (_RET, 0, 0, ALLOW),
        ),
    ),
    # of a mapping that has shrunk, what was shared stays and is seen nowhere (tree.shared_memory); realloc goes without
    "mremap": _ByArgument(
        (25, 216),
        (
            _argument(2), (_TO_X, 0, 0, 0), _argument(1), (_JGT_X, 0, 1, 0), _fail(errno.ENOMEM), (_RET, 0, 0, ALLOW),
        ),
    ),
    # leases and notifications of the staged root's files would tell of other sandboxes
    "fcntl": _ByArgument(
        (72, 25),
        (
            _argument(1), (_JEQ, 1, 0, _F_SETLEASE), (_JEQ, 0, 1, _F_NOTIFY), _fail(errno.EPERM),
            (_RET, 0, 0, ALLOW),
        ),
    ),
    "personality": _ByArgument(
        (135, 92),
        (
            _argument(0), (_JEQ, 1, 0, 0), (_JEQ, 0, 1, _PERSONALITY_QUERY), (_RET, 0, 0, ALLOW),
            _fail(errno.EPERM),
        ),
    ),
}  # fmt: skip


def refused(machine: str) -> dict[str, tuple[int, int]]:
    """The calls that always fail on `machine`: name -> (number, errno)."""
    column = list(_AUDIT_ARCH).index(machine)
    table = {}
    for calls, code in ((_REFUSED, errno.EPERM), (_MISSING, errno.ENOSYS)):
        for name, numbers in calls.items():
            number = numbers[column]
            if number is not None:
                table[name] = (number, code)
    return table


def build(machine: str) -> bytes:
    """The filter for a machine name as `platform.machine()` gives it; KeyError for another.

    A binary search over ranges of numbers, because installing a filter takes time by its length, and the kernel
    then tries it on every system call.
    """
    column = list(_AUDIT_ARCH).index(machine)
    rules: dict[int, _Code] = {number: (_fail(error),) for number, error in refused(machine).values()}
    for block in _BY_ARGUMENT.values():
        rules[block.numbers[column]] = block.code
    head = (
        (_LOAD, 0, 0, _ARCH),
        (_JEQ, 1, 0, _AUDIT_ARCH[machine]),
        (_RET, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
    )
    code = (*head, *_search(_ranges(rules)))
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def _ranges(rules: dict[int, _Code]) -> list[tuple[int, _Code]]:
    """First number and code of each run of numbers that are treated alike; the last has no end."""
    ranges: list[tuple[int, _Code]] = []
    for number in range(NEWEST + 1):
        code = rules.get(number, ((_RET, 0, 0, ALLOW),))
        if not ranges or ranges[-1][1] != code:
            ranges.append((number, code))
    return [*ranges, (NEWEST + 1, (_fail(errno.ENOSYS),))]  # the x32 calls too


def _search(ranges: list[tuple[int, _Code]]) -> _Code:
    """Code that finds the range of the call number in the accumulator."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    left, right = _search(ranges[:middle]), _search(ranges[middle:])
    if len(left) <= _FAR:
        return ((_JGE, len(left), 0, ranges[middle][0]), *left, *right)
    return ((_JGE, 0, 1, ranges[middle][0]), (_JA, 0, 0, len(left)), *left, *right)
