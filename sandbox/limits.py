"""The limits of one test program. Pure data: the worker and the runner enforce them."""

from __future__ import annotations

from dataclasses import dataclass, fields

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one program, validated; every field is positive.

    wall_seconds    seconds from the program's start to its end, by the worker's clock
    cpu_seconds     seconds of processor time of the program and all its children together
    memory_bytes    bytes of address space of each process, and of resident memory of all of them
    processes       processes and threads at one time
    open_files      descriptors of one process
    file_bytes      bytes of one file
    scratch_bytes   bytes of all files in /tmp, which lie in memory
    scratch_files   files and folders in /tmp
    output_bytes    bytes of stdout, and as many of stderr, that the result keeps
    output_limit_bytes  bytes of stdout and stderr together after which the program is killed
    """

    wall_seconds: float = 10.0
    cpu_seconds: int = 8
    memory_bytes: int = 1024 * MIB
    processes: int = 128
    open_files: int = 256
    file_bytes: int = 16 * MIB
    scratch_bytes: int = 32 * MIB
    scratch_files: int = 2048
    output_bytes: int = 64 * KIB
    output_limit_bytes: int = 16 * MIB

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            kinds = (int, float) if field.name == "wall_seconds" else (int,)
            if not isinstance(value, kinds) or isinstance(value, bool) or not value > 0:
                expected = "number" if field.name == "wall_seconds" else "whole number"
                raise ValueError(f"Limits.{field.name} = {value!r}: must be a positive {expected}")
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"Limits.{name} = {getattr(self, name)}: the interpreter itself needs {least}")
        if self.wall_seconds > _WALL_MOST:
            raise ValueError(f"Limits.wall_seconds = {self.wall_seconds}: at most {_WALL_MOST}")


_WALL_MOST = 86_400
_LEAST = {
    "memory_bytes": 64 * MIB,
    "processes": 1,
    "open_files": 16,
    "scratch_bytes": 1 * MIB,
    "scratch_files": 8,
}
