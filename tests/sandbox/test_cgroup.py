"""Where a memory control group is made: decided from the kernel's own descriptions."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox import Pool, Program, cgroup
from sandbox.limits import MIB, Limits

V1 = "35 24 0:31 / {mount} rw - cgroup cgroup rw,memory"
V2 = "35 24 0:31 {shown} {mount} rw - cgroup2 cgroup2 rw"


def v2_tree(top: Path, *shared: str) -> None:
    """Folders of a v2 hierarchy; those named hand the memory controller to their children."""
    for folder in ("user.slice/app.slice/mine.scope", "system.slice"):
        (top / folder).mkdir(parents=True)
    for path in (top, *top.rglob("*")):
        if path.is_dir():
            wanted = "cpu memory pids" if path.name in shared else "cpu"
            (path / "cgroup.subtree_control").write_text(wanted)


def test_v1_makes_its_group_below_the_own_one(tmp_path: Path) -> None:
    found = cgroup.candidates(["4:memory:/a/b", "0::/"], [V1.format(mount=tmp_path)])
    assert found == [(tmp_path / "a/b", 1)]


def test_v2_makes_its_group_beside_the_own_one(tmp_path: Path) -> None:
    v2_tree(tmp_path, "app.slice")
    found = cgroup.candidates(["0::/user.slice/app.slice/mine.scope"], [V2.format(mount=tmp_path, shown="/")])
    assert found == [(tmp_path / "user.slice/app.slice", 2)]


def test_v2_looks_upwards_for_a_group_that_shares_its_memory_controller(tmp_path: Path) -> None:
    v2_tree(tmp_path, tmp_path.name, "user.slice")
    found = cgroup.candidates(["0::/user.slice/app.slice/mine.scope"], [V2.format(mount=tmp_path, shown="/")])
    assert found == [(tmp_path / "user.slice", 2), (tmp_path, 2)]


def test_a_container_that_sees_its_own_part_only_is_understood(tmp_path: Path) -> None:
    found = cgroup.candidates(["4:memory:/docker/1234/x"], [V1.replace(" / ", " /docker/1234 ").format(mount=tmp_path)])
    assert found == [(tmp_path / "x", 1)]


def test_without_a_memory_controller_there_is_no_group(tmp_path: Path) -> None:
    v2_tree(tmp_path)
    found = cgroup.candidates(["0::/user.slice/app.slice/mine.scope"], [V2.format(mount=tmp_path, shown="/")])
    assert found == []


def test_a_folder_that_only_looks_like_a_group_is_left_alone(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text("4:memory:/\n")
    (proc / "mountinfo").write_text(V1.format(mount=tmp_path))
    assert cgroup.create("sandbox-1-x", proc=proc) is None
    assert not (tmp_path / "sandbox-1-x").exists()


def test_a_killed_process_leaves_no_group_for_long(tmp_path: Path) -> None:
    gone, mine = tmp_path / "sandbox-99999999-x", tmp_path / f"sandbox-{os.getpid()}-x"
    for folder in (gone, mine):
        folder.mkdir()
    cgroup._sweep(tmp_path)
    assert not gone.exists() and mine.exists()


def test_the_memory_of_all_processes_together_is_limited_with_and_without_a_group() -> None:
    source = (
        "import os, time\n"
        "for _ in range(10):\n"
        "    if os.fork() == 0:\n"
        "        hoard = bytearray(b'x') * (60 << 20)\n"
        "        time.sleep(60)\n"
        "time.sleep(60)\n"
    )
    limits = Limits(wall_seconds=60.0, memory_bytes=128 * MIB)
    for memory_control in (True, False):
        with Pool(1, limits, memory_control=memory_control) as pool:
            (result,) = pool.run_many([Program("", source)])
        assert result.status == "oom", result
