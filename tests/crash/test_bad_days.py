"""Bad days: a full disk, a read-only folder, a garbled journal. A clear word, nothing lost, and on it goes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from targets import ShardPaths
from targets.damage import reopen
from tests.crash.conftest import Small
from tests.crash.test_kill_matrix import left_over, told
from tests.support.projects import LUIGI, STAGES

RUN = f"if {LUIGI} --module pipeline FinalDataset 2>&1; then echo code=0; else echo code=$?; fi"

LATE = 'def halved(items):\n    """Half of each number."""\n    return [item / 2 for item in items]\n'


def in_mounts_of_its_own(project: Small, script: str) -> str:
    """Run a script where it may mount what it likes over the project's artifacts; nobody else sees it."""
    mapped = [] if os.getuid() == 0 else ["--map-root-user"]
    ended = subprocess.run(
        ["unshare", "--mount", *mapped, "sh", "-c", f"set -e\n{script}"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_a_full_disk_stops_the_run_at_once_and_it_goes_on_when_there_is_room(fresh, finished):
    fresh.artifacts.mkdir()
    needed = sum(path.stat().st_size for path in finished.artifacts.rglob("*") if path.is_file())
    output = in_mounts_of_its_own(
        fresh,
        f"""
        mount -t tmpfs -o size={needed // 3} tmpfs artifacts
        {RUN}
        find artifacts -name '*.tmp' -size +0
        mount -o remount,size=64m artifacts
        {RUN}
        cp -a artifacts kept
        """,
    )
    full, room = output.split("code=35", 1)
    assert "No space left on device" in full
    assert "goes on" in full
    assert "Traceback" not in full
    assert "code=0" in room, output
    shutil.rmtree(fresh.artifacts)
    (fresh.root / "kept").rename(fresh.artifacts)
    assert told(fresh.rows()) == told(finished.rows())
    assert left_over(fresh) == []


def test_a_read_only_folder_is_named(project):
    output = in_mounts_of_its_own(
        project,
        f"""
        mount --bind artifacts artifacts
        mount -o remount,bind,ro artifacts
        {RUN}
        """,
    )
    assert "code=35" in output
    assert f"cannot write to {project.artifacts}" in output
    assert "Traceback" not in output


def test_garbage_in_the_middle_of_a_journal_costs_its_lines_only(project, finished):
    for stage in (*STAGES[STAGES.index("responses") + 1 :], "selection", "dataset"):
        shutil.rmtree(project.artifacts / stage)
    (folder,) = (project.artifacts / "responses").iterdir()
    paths = ShardPaths(folder, 0)
    units = reopen(paths)
    lines = paths.journal.read_bytes().splitlines(keepends=True)
    lines[4] = os.urandom(300).replace(b"\n", b"") + b"\n"
    lines[9] = lines[9][:40] + b"\n"
    paths.journal.write_bytes(b"".join(lines) + b"torn")
    code, output = project.run()
    assert code == 0, output
    assert f"responses 000000: goes on at {units - 2} of {units}" in output
    assert told(project.rows()) == told(finished.rows())


def test_a_source_that_vanished_leaves_the_dataset_alone_until_told_otherwise(fresh):
    source = fresh.root / "mnt"
    source.mkdir()
    (source / "words.py").write_text(LATE)
    fresh.configure(seeds={"sources": f"{fresh.root.parent / 'code'}, mnt"})
    assert subprocess.run([str(LUIGI), "--module", "pipeline", "Seeds"], cwd=fresh.root).returncode == 0
    source.rename(fresh.root / "unmounted")
    code, output = fresh.run()
    assert code == 20, output
    assert "vanished = drop" in output
    source.mkdir()
    code, output = fresh.run()
    assert code == 20, output
    assert "had 1 files before" in output
    Path(fresh.root / "unmounted" / "words.py").rename(source / "words.py")
    assert fresh.ask("why")[0] == 0


def test_a_clock_that_goes_back_a_year_costs_nothing_and_hides_nothing(project, finished):
    """Everything on file seems to come from the future: what is there stays, new code is seen, work goes on."""
    for stage in (*STAGES[STAGES.index("responses") + 1 :], "selection", "dataset"):
        shutil.rmtree(project.artifacts / stage)
    (folder,) = (project.artifacts / "responses").iterdir()
    units = reopen(ShardPaths(folder, 0))
    for path in project.artifacts.rglob("*"):
        later = path.lstat().st_mtime + 365 * 86_400
        os.utime(path, (later, later), follow_symlinks=False)
    before = project.files()
    (project.root / "more").mkdir()
    (project.root / "more" / "late.py").write_text(LATE)
    project.configure(seeds={"sources": f"{project.root.parent / 'code'}, more"})
    code, output = project.run()
    assert code == 0, output
    assert f"responses 000000: goes on at {units} of {units}" in output
    assert "1 file read" in output
    made = {name: seen for name, seen in before.items() if name.startswith(("concepts", "instructions"))}
    assert made.items() <= project.files().items()
    rows = {row["id"]: row["response"] for row in project.rows()}
    assert {row["id"]: row["response"] for row in finished.rows()}.items() <= rows.items()
