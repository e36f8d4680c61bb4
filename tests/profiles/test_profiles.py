"""The ready configurations: each passes the checker, fits the memory that its page names, and is in the table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.engine import EngineSettings
from pipeline.engine.sizing import Sizes, make_plan

FOLDER = Path(__file__).parents[2] / "profiles"
BYTES_A_VALUE = {"f16": 2.0, "q8_0": 1.0625}
_ROW = re.compile(r"^\| \[(.+?)\]\((.+?)\.cfg\) \| (.+) \|$", re.MULTILINE)
TABLE = {
    name: [cell.strip() for cell in rest.split("|")]
    for name, _, rest in _ROW.findall((FOLDER / "README.md").read_text())
}
_CHECK = """
from pipeline import config
found = config.load()
print(found.model.repo_id or "-/-", found.model.filename or found.model.path, found.engine.n_seq, found.engine.type_k, found.engine.n_ctx)
"""


def test_every_profile_is_in_the_table():
    assert {path.stem for path in FOLDER.glob("*.cfg")} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_profile_passes_the_checker_and_says_what_the_table_says(name, tmp_path):
    loaded = subprocess.run(
        [sys.executable, "-c", _CHECK],
        cwd=tmp_path,
        env={**os.environ, "LUIGI_CONFIG_PATH": str(FOLDER / f"{name}.cfg")},
        capture_output=True,
        text=True,
    )
    assert loaded.returncode == 0, loaded.stderr
    repository, file, n_seq, cache, n_ctx = loaded.stdout.split()
    assert file.endswith(".gguf") and "/" in repository
    assert (cache, n_seq) == tuple(TABLE[name][5:7])
    assert n_ctx == "8192"


@pytest.mark.parametrize("name", TABLE)
def test_the_memory_of_the_table_is_the_formulas_and_lets_all_sequences_run(name):
    parameters, bits, layers, heads, size = (float(cell) for cell in TABLE[name][:5])
    cache, n_seq, weights, memory = TABLE[name][5], *map(float, TABLE[name][6:])
    cell = 2 * layers * heads * size * BYTES_A_VALUE[cache]
    assert weights == pytest.approx(parameters * bits / 8, abs=0.06)
    cells = (n_seq + 4) * 2048
    assert memory == pytest.approx(parameters * bits / 8 + cells * (cell + 2048) / 0.8e9, abs=0.06)
    assert f"{memory} GB" in (FOLDER / f"{name}.cfg").read_text()
    plan = make_plan(
        EngineSettings("model.gguf", n_ctx=8192, n_seq=int(n_seq), type_k=cache, type_v=cache),
        Sizes(8192, int(parameters * 1e9), int(layers), 4096, 32, int(cell)),
        free_bytes=int((memory + 0.06 - parameters * bits / 8) * 1e9),
        device="GPU",
        on_gpu=True,
    )
    assert (plan.n_seq, plan.notes) == (n_seq, ())
