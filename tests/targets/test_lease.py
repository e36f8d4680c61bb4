"""One process works on a thing; one that is gone, or gives no sign of life, is taken over from."""

import os
import signal
import subprocess
import sys
import time

import pytest

from targets import AlreadyPublished, Lease, LeaseLost, lease
from targets.processes import place

HOLDER = (
    "import sys, time\nfrom pathlib import Path\nfrom targets import Lease, lease\n"
    "lease.HEARTBEAT_SECONDS = 0.1\n"
    "held = Lease(Path(sys.argv[1]))\nprint('held', flush=True)\n"
    "time.sleep(float(sys.argv[2]))\nheld.release()\n"
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(lease, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(lease, "PATIENCE_SECONDS", 1.0)


def holder(path, seconds=60.0):
    """A process that holds the lease for a while."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path), str(seconds)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_the_lease_of_a_killed_process_is_taken_over_at_once(tmp_path):
    process = holder(tmp_path / "x.lease")
    process.kill()
    process.wait()
    began = time.monotonic()
    with Lease(tmp_path / "x.lease") as mine:
        assert time.monotonic() - began < 0.9
        mine.check()
    assert list(tmp_path.iterdir()) == []


def test_a_living_holder_is_waited_for(tmp_path):
    process = holder(tmp_path / "x.lease", 2.0)
    with Lease(tmp_path / "x.lease"):
        assert process.wait() == 0


def test_waiting_ends_when_the_other_has_finished_the_work(tmp_path):
    process = holder(tmp_path / "x.lease")
    with pytest.raises(AlreadyPublished):
        Lease(tmp_path / "x.lease", finished=lambda: True)
    process.kill()
    process.wait()


def test_a_holder_that_sleeps_loses_the_lease_and_finds_out(tmp_path):
    mine = Lease(tmp_path / "x.lease")
    mine._ended.set()  # no heartbeat any more, as of a process that is stopped
    mine._heart.join()
    mine._ended.clear()
    os.truncate(tmp_path / "x.lease-1", 0)
    other = Lease(tmp_path / "x.lease")
    with pytest.raises(LeaseLost):
        mine.check()
    mine.release()
    other.check()
    other.release()
    assert list(tmp_path.iterdir()) == []


def test_another_machines_lease_is_taken_over_after_patience_by_our_own_clock(tmp_path):
    path = tmp_path / "x.lease-1"
    path.write_text('{"place": "0123abcd", "pid": 1, "started": 1}')
    os.utime(path, (0, time.time() + 1e6))
    began = time.monotonic()
    with Lease(tmp_path / "x.lease"):
        assert 1.0 < time.monotonic() - began < 5.0


def test_a_lease_that_appears_while_one_takes_over_is_respected(tmp_path, monkeypatch):
    """Who found a dead lease, and was slow, must not take the number that another has used since."""
    path = tmp_path / "x.lease-1"
    dead = f'{{"place": "{place()}", "pid": {os.getpid()}, "started": 1, "token": "a", "over": []}}'
    path.write_text(dead)
    look, quicker = lease._look, []

    def slow_look(name):
        found = look(name)
        if not quicker:  # meanwhile another takes over, works, releases, and holds it again
            quicker.append(True)
            Lease(name).release()
            quicker.append(Lease(name))
        return found

    monkeypatch.setattr(lease, "_look", slow_look)
    with pytest.raises(AlreadyPublished):
        Lease(tmp_path / "x.lease", finished=lambda: True)
    quicker[1].check()
    quicker[1].release()
    assert list(tmp_path.iterdir()) == []


def test_an_id_used_again_by_another_process_does_not_keep_a_lease(tmp_path):
    (tmp_path / "x.lease-1").write_text(f'{{"place": "{place()}", "pid": {os.getpid()}, "started": 1}}')
    with Lease(tmp_path / "x.lease"):
        pass


def test_of_many_that_wait_one_at_a_time_holds_it(tmp_path):
    script = (
        "import os, sys, time\nfrom pathlib import Path\nfrom targets import Lease\n"
        "folder = Path(sys.argv[1])\n"
        "with Lease(folder / 'x.lease'):\n"
        "    descriptor = os.open(folder / 'inside', os.O_CREAT | os.O_EXCL)\n"
        "    time.sleep(0.05)\n    os.unlink(folder / 'inside')\n"
    )
    victim = holder(tmp_path / "x.lease")
    many = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(6)]
    time.sleep(0.3)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert [process.wait(timeout=60) for process in many] == [0] * 6
    assert list(tmp_path.iterdir()) == []
