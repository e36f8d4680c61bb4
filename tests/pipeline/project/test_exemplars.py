"""Which exemplar set `auto` stands for, and that a name overrides it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import demo
from pipeline.project.exemplars import SMALL_PARAMETERS, choose
from pipeline.prompts import SHORT, STANDARD, WITH_LIBRARIES
from tests.support.pinned import settings

ROOT = Path("/nowhere")


@pytest.mark.parametrize(
    ("parameters", "packages", "folder", "why"),
    [
        (268_000_000, "", SHORT, "268 million parameters"),
        (SMALL_PARAMETERS - 1, "numpy", SHORT, "million parameters"),
        (SMALL_PARAMETERS, "", STANDARD, "1.0 billion parameters"),
        (7_600_000_000, "requests", STANDARD, "7.6 billion parameters"),
        (7_600_000_000, "requests, pandas", WITH_LIBRARIES, "names pandas"),
        (0, "", STANDARD, "size is unknown"),
        (0, "numpy", WITH_LIBRARIES, "names numpy"),
    ],
)
def test_auto_goes_by_the_models_size_and_the_packages_and_says_why(parameters, packages, folder, why):
    chosen = choose(settings(sandbox__packages=packages), ROOT, parameters, is_demo=False)
    assert (chosen.folder, chosen.name) == (folder, folder.name)
    assert why in chosen.why


def test_the_demo_model_has_its_own_set():
    chosen = choose(settings(sandbox__packages="numpy"), ROOT, 4_000_000, is_demo=True)
    assert chosen.folder == Path(chosen.name) == demo.EXEMPLARS


def test_a_name_is_a_shipped_set_or_a_folder_of_the_project():
    assert choose(settings(prompts__exemplars="short"), ROOT, 0, is_demo=True).folder == SHORT
    mine = choose(settings(prompts__exemplars="mine"), ROOT, 0, is_demo=True)
    assert (mine.folder, mine.why) == (ROOT / "mine", "")
