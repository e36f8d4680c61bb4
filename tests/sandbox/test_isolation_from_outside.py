"""What the kernel says of a running program's process, seen from the machine around it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Limits, Pool, tree
from sandbox.schedule import Job

SOURCE = "import time\nprint('running', flush=True)\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def process() -> Iterator[Path]:
    """The /proc folder of a program's process, its limits in force."""
    with Pool(1, Limits(wall_seconds=600.0)) as pool:
        worker = pool._workers[0]
        assert worker
        worker.give(Job("sleeper", SOURCE.encode()), deadline=0.0)
        found: list[Path] = []
        while not found:
            assert worker.process.poll() is None
            folders = [Path(f"/proc/{pid}") for pid in tree.measure(worker.process.pid).pids]
            found = [folder for folder in folders if sleeps_under_its_limits(folder)]
            time.sleep(0.05)
        yield found[0]


def sleeps_under_its_limits(folder: Path) -> bool:
    try:
        asleep = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "S"
        python = b"python" in (folder / "cmdline").read_bytes().split(b"\0")[0]
        files = any("Max open files" in line and "256" in line for line in (folder / "limits").open())
    except OSError:
        return False
    return asleep and python and files


def facts(process: Path) -> dict[str, str]:
    lines = (process / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_it_has_no_capabilities_and_can_gain_none(process: Path) -> None:
    status = facts(process)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1"


def test_it_is_under_a_seccomp_filter(process: Path) -> None:
    assert facts(process)["Seccomp"] == "2"


def test_it_is_not_root_outside(process: Path) -> None:
    uids = facts(process)["Uid"].split()
    assert "0" not in uids and len(set(uids)) == 1


@pytest.mark.parametrize("kind", ["user", "pid", "net", "ipc", "uts", "mnt", "cgroup"])
def test_it_shares_no_namespace_with_the_machine(process: Path, kind: str) -> None:
    if os.geteuid() == 0:
        assert os.readlink(process / "ns" / kind) != os.readlink(f"/proc/self/ns/{kind}")
    else:  # another user namespace's links are not ours to read; its children's depth is
        assert len(facts(process)["NSpid"].split()) >= 2


def test_its_limits_are_in_force(process: Path) -> None:
    limits = (process / "limits").read_text()
    for name, value in (
        ("Max address space", str(Limits().memory_bytes)),
        ("Max processes", str(Limits().processes)),
        ("Max open files", str(Limits().open_files)),
        ("Max core file size", "0"),
        ("Max msgqueue size", "0"),
        ("Max locked memory", "0"),
    ):
        (line,) = (line for line in limits.splitlines() if line.startswith(name))
        assert line[len(name) :].split()[:2] == [value, value], line


def test_it_has_no_terminal_and_a_session_of_its_own(process: Path) -> None:
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    assert fields[4] == "0"
    assert int(fields[3]) != os.getsid(0)


def test_its_root_has_few_mounts_and_only_the_scratch_can_be_written(process: Path) -> None:
    if os.geteuid() != 0:
        assert facts(process)["NoNewPrivs"] == "1"
        return
    lines = [line.split() for line in (process / "mountinfo").read_text().splitlines()]
    writable = {fields[4] for fields in lines if "rw" in fields[5].split(",")}
    super_blocks = {fields[4]: fields[-1] for fields in lines}
    assert {path for path in writable if not path.startswith("/dev")} == {"/tmp"}
    assert "ro" in super_blocks["/dev"].split(",")
    (scratch,) = (fields for fields in lines if fields[4] == "/tmp")
    assert {"nosuid", "nodev", "noexec"} <= set(scratch[5].split(","))
    assert len(lines) < 12
