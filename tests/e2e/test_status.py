"""`artifacts/status.json` and `status`: true while a run works, after it ended, and after it was killed."""

from __future__ import annotations

import signal

import orjson
import pytest

from tests.support.projects import kill_tree, wait_until


def status(project):
    path = project.artifacts / "status.json"
    return orjson.loads(path.read_bytes()) if path.exists() else {"state": "", "stage": None}


def at(project, stage):
    return lambda: status(project)["stage"] == stage


@pytest.fixture
def small(project):
    project.configure(seeds={"stdlib_share": "0.03"})
    return project


def test_the_status_follows_a_run_through_interruption_and_death_to_its_end(small):
    process = small.start()
    wait_until(at(small, "concepts"), process)
    assert status(small)["state"] == "running"
    assert status(small)["stages"]["concepts"]["expected"] > 0
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert status(small)["state"] == "interrupted"

    process = small.start()
    wait_until(at(small, "responses"), process)
    kill_tree(process)
    assert status(small)["state"] == "running"
    code, output = small.ask("status", "--json")
    assert (code, orjson.loads(output)["state"]) == (0, "killed")

    code, output = small.run()
    assert code == 0, output
    ended = status(small)
    assert (ended["state"], ended["rows"]) == ("finished", len(small.rows()))
    funnel = small.manifest()["funnel"]
    for stage in ("seeds", "concepts", "instructions", "responses", "executions", "selection"):
        counts = ended["stages"][stage]
        assert counts["expected"] == counts["done"] == funnel[stage]["in"]
        assert counts["kept"] == funnel[stage]["kept"]
        assert counts["rules"] == funnel[stage]["rules"]

    code, output = small.run()
    assert code == 0, output
    assert status(small)["stages"] == ended["stages"]
    code, output = small.ask("status")
    assert code == 0, output
    assert f"{len(small.rows())} rows" in output


def test_the_last_error_of_a_failed_run_is_in_the_status(project):
    project.configure(model={"path": "nowhere.gguf"})
    code, _ = project.run()
    assert code == 20
    assert status(project)["state"] == "failed"
    assert "nowhere.gguf" in status(project)["last_error"]["problem"]


def test_before_the_first_run_the_status_says_how_to_start(project):
    code, output = project.ask("status")
    assert code == 20
    assert "luigi --module pipeline FinalDataset" in output
