"""An artifacts folder that an earlier tree made serves this one: nothing of it is made again, nothing of it is lost.

`artifacts.tar.gz` is a project of sixteen functions with the demo model, finished by that tree, and beside it a shard of
responses that a second run, with `--responses-samples 3`, left unfinished when it was killed. make_archive.py makes it
anew when a stage's version is raised on purpose: what users have is then made again too.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from sandbox import PROTOCOL
from tests.support.projects import Project

ARCHIVE = Path(__file__).with_name("artifacts.tar.gz")
# The interpreter that runs the programs and the version of the verdicts are ingredients: under others than those of the
# archive, programs are run again.
SAME_VERDICTS = sys.version_info[:2] == (3, 11) and PROTOCOL == "4"
BEFORE_EXECUTIONS = ("seeds", "concepts", "instructions", "responses")
OF_THIS_RUN = ("created", "seconds", "versions")


@pytest.fixture
def old(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    return project


def results(project: Project) -> dict[str, tuple[int, int]]:
    """The files that no run may touch: what is known of the model and of sources is brought up to date."""
    return {
        name: at
        for name, at in project.files().items()
        if not name.startswith("model/") and not name.endswith("ledger.journal")
        if SAME_VERDICTS or name.startswith(BEFORE_EXECUTIONS)
    }


def test_a_run_over_it_makes_nothing_again(old):
    before = results(old)
    code, output = old.run()
    assert code == 0, output
    assert results(old).items() >= before.items()
    if SAME_VERDICTS:
        assert results(old) == before
        assert "concepts" not in output


def test_every_file_of_it_is_as_it_was_published(old):
    code, output = old.ask("verify")
    assert code == 0, output


@pytest.mark.skipif(not SAME_VERDICTS, reason="other verdicts would be a dataset of their own")
def test_the_dataset_that_is_made_from_its_shards_has_the_same_bytes(old):
    folder = (old.artifacts / "latest").resolve()
    rows, manifest = (folder / "train.jsonl").read_bytes(), old.manifest()
    shutil.rmtree(folder)
    code, output = old.run()
    assert code == 0, output
    assert (folder / "train.jsonl").read_bytes() == rows
    again = old.manifest()
    assert list(again) == list(manifest)
    for key in OF_THIS_RUN:
        del manifest[key], again[key]
    assert again == manifest


def test_its_unfinished_journal_is_resumed_under_the_overrides_that_made_it(old):
    finished = len(old.journal("responses"))
    assert 0 < finished < 48
    code, output = old.run("--responses-samples", "3")
    assert code == 0, output
    assert f"responses 000000: goes on at {finished} of 48" in output
