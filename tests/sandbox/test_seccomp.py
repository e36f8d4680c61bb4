"""The filter: tried on a small machine of our own for both architectures, and on the kernel here."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

import pytest

from sandbox import seccomp

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE, SOCKET, IOCTL, FCNTL = (
    {"x86_64": 56, "aarch64": 220},
    {"x86_64": 41, "aarch64": 198},
    {"x86_64": 16, "aarch64": 29},
    {"x86_64": 72, "aarch64": 25},
)

each_machine = pytest.mark.parametrize("machine", ARCHITECTURES)


def decide(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Interpret the classic BPF program as the kernel does; its return value."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *padded)
    code = list(struct.iter_unpack("=HBBI", seccomp.build(machine)))
    accumulator, other, line = 0, 0, 0
    while True:
        operation, if_true, if_false, value = code[line]
        line += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif operation == 0x07:
            other = accumulator
        elif operation == 0x06:
            return value
        elif operation == 0x05:
            line += value
        else:
            holds = {
                0x15: accumulator == value,
                0x2D: accumulator > other,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[operation]
            line += if_true if holds else if_false


def error(code: int) -> int:
    return 0x00050000 | code


@each_machine
def test_every_call_of_the_table_is_refused_and_no_other(machine: str) -> None:
    refused = dict(seccomp.refused(machine).values())
    by_argument = {
        SOCKET[machine],
        SOCKET[machine] + 12 if machine == "x86_64" else 199,
        CLONE[machine],
        IOCTL[machine],
    }
    for number in range(seccomp.NEWEST + 1):
        if number in by_argument:
            continue
        expected = error(refused[number]) if number in refused else seccomp.ALLOW
        assert decide(machine, number) == expected, number


@each_machine
def test_calls_newer_than_the_table_do_not_exist(machine: str) -> None:
    for number in (seccomp.NEWEST + 1, 470, 0x40000000 | 1, 0xFFFFFFFF):
        assert decide(machine, number) == error(errno.ENOSYS)


@each_machine
def test_a_foreign_architecture_is_killed(machine: str) -> None:
    assert decide(machine, 1, architecture=0x40000003) == seccomp.KILL


@each_machine
def test_only_unix_sockets_can_be_made(machine: str) -> None:
    allowed = [family for family in range(64) if decide(machine, SOCKET[machine], family) == seccomp.ALLOW]
    assert allowed == [1]


@each_machine
@pytest.mark.parametrize("flag", [1 << bit for bit in (17, 25, 26, 27, 28, 29, 30)])
def test_clone_makes_no_namespaces(machine: str, flag: int) -> None:
    assert decide(machine, CLONE[machine], 17 | flag) == error(errno.EPERM)
    assert decide(machine, CLONE[machine], 0x003D0F00) == seccomp.ALLOW


@each_machine
def test_ioctl_writes_no_memory_and_types_into_no_terminal(machine: str) -> None:
    allowed = [
        request for request in range(0x5400, 0x5480) if decide(machine, IOCTL[machine], 0, request) == seccomp.ALLOW
    ]
    assert allowed == [0x5401, 0x5413, 0x5421, 0x5450, 0x5451]
    assert decide(machine, IOCTL[machine], 0, 0x8904) == error(errno.EPERM)


@each_machine
def test_no_lease_and_no_notification_can_be_had(machine: str) -> None:
    refused = [command for command in range(1050) if decide(machine, FCNTL[machine], 0, command) != seccomp.ALLOW]
    assert refused == [1024, 1026]


@each_machine
def test_a_mapping_may_grow_and_not_shrink(machine: str) -> None:
    number = {"x86_64": 25, "aarch64": 216}[machine]
    assert [decide(machine, number, 0, 8192, size) for size in (4096, 8192, 16384)] == [
        error(errno.ENOMEM),
        seccomp.ALLOW,
        seccomp.ALLOW,
    ]


@each_machine
def test_a_larger_buffer_of_a_socket_is_promised_and_not_given(machine: str) -> None:
    number = {"x86_64": 54, "aarch64": 208}[machine]
    without_effect = [name for name in range(64) if decide(machine, number, 3, 1, name) == error(0)]
    assert without_effect == [7, 8, 32, 33]
    assert all(decide(machine, number, 3, level, 7) == seccomp.ALLOW for level in (0, 6, 17))


@each_machine
def test_no_number_stands_for_two_calls(machine: str) -> None:
    numbers = [number for number, _ in seccomp.refused(machine).values()]
    assert len(numbers) == len(set(numbers))


def test_the_kernel_refuses_the_calls() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    code = seccomp.build(platform.machine())
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        wrong = []
        libc.prctl(38, 1, 0, 0, 0)
        installed = libc.prctl(22, 2, program, 0, 0)
        for name, (number, expected) in seccomp.refused(platform.machine()).items():
            ctypes.set_errno(0)
            if libc.syscall(number, -1, -1, -1, -1, -1, -1) != -1 or ctypes.get_errno() != expected:
                wrong.append(name)
        os.write(writer, f"{installed} {wrong}".encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    assert os.read(reader, 10_000) == b"0 []"
