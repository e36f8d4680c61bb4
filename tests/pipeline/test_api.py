"""The pipeline from Python: what importing and opening does not do, and what errors a caller gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import api
from pipeline.config.location import location
from pipeline.errors import ConfigError, MissingDataError

ROOT = Path(__file__).parents[2]
IMPORT = """
import os, signal, sys, threading
before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
from pipeline import api
project = api.open_project(".")
after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
assert before == after
assert threading.active_count() == 1
assert os.listdir(".") == ["luigi.cfg"], os.listdir(".")
assert not os.popen(f"ps --ppid {os.getpid()} -o comm=").read().replace("sh", "").replace("ps", "").strip()
assert "llama_cpp" not in sys.modules and "vl_convert" not in sys.modules
"""


def test_importing_it_and_opening_a_project_starts_nothing(tmp_path):
    (tmp_path / "luigi.cfg").write_text("[seeds]\nsources = code\n")
    done = subprocess.run(
        [sys.executable, "-c", IMPORT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_project_is_made_from_a_dictionary_and_opened_again(tmp_path):
    settings = {"seeds": {"sources": ["one", "two"], "helpers": True}, "selection": {"rows": 7}}
    made = api.create(tmp_path / "project", settings)
    assert made.project.settings.seeds.sources == "one, two"
    assert made.project.settings.seeds.helpers is True
    assert made.project.settings.selection.rows == 7
    assert made.artifacts == tmp_path / "project" / "artifacts"
    assert api.create(tmp_path / "project", settings).root == made.root
    with pytest.raises(ConfigError, match="other settings"):
        api.create(tmp_path / "project", {"selection": {"rows": 8}})


def test_a_wrong_setting_makes_no_project(tmp_path):
    with pytest.raises(ConfigError, match="has no key row"):
        api.create(tmp_path / "project", {"selection": {"row": 7}})
    assert not (tmp_path / "project" / "luigi.cfg").exists()


def test_two_projects_have_their_own_settings_and_the_process_keeps_its_own(tmp_path):
    before = location()
    first, second = (api.create(tmp_path / str(rows), {"selection": {"rows": rows}}) for rows in (1, 2))
    assert [made.project.settings.selection.rows for made in (second, first)] == [2, 1]
    assert location() is before


def test_a_folder_without_a_project_and_a_project_without_a_dataset_are_errors(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no .*luigi\.cfg"):
        api.open_project(tmp_path)
    made = api.create(tmp_path, {})
    assert made.status() is None
    with pytest.raises(MissingDataError):
        next(made.rows())


@pytest.mark.slow
def test_a_run_that_cannot_be_raises_its_error_and_its_exit_code(tmp_path):
    made = api.create(tmp_path, {"seeds": {"sources": "nowhere"}})
    with pytest.raises(api.RunFailed, match="nowhere") as failed:
        made.run()
    assert failed.value.exit_code == 20


@pytest.mark.slow
def test_an_exception_of_the_callback_stops_the_run(tmp_path):
    made = api.create(tmp_path, {"seeds": {"stdlib_share": 0.02}, "engine": {"n_threads": 1}})
    seen = []

    def stop(status):
        seen.append(status["pid"])
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        made.run(progress=stop, every=0.2)
    assert not Path(f"/proc/{seen[0]}").exists()
    assert (made.status() or {})["state"] == "interrupted"
