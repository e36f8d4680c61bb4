"""The notebook of the documentation runs, from its first cell to its last, on the demo model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "first-dataset.ipynb"
# As a notebook does it: the value of a cell's last expression is shown, as an image if it is one.
RUN = """
import ast, json, sys
scope = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        source = "".join(cell["source"])
        tree = ast.parse(source)
        shown = isinstance(tree.body[-1], ast.Expr) and not source.endswith(";")
        last = tree.body.pop() if shown else None
        exec(compile(tree, "<cell>", "exec"), scope)
        if last:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope)
            print("value:", value._repr_svg_() if hasattr(value, "_repr_svg_") else repr(value))
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(NOTEBOOK)],
        cwd=tmp_path_factory.mktemp("notebook"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_a_notebook_without_outputs():
    document = json.loads(NOTEBOOK.read_text())
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in document["cells"]}) == len(document["cells"])
    assert all(not cell.get("outputs") for cell in document["cells"])


@pytest.mark.slow
def test_its_cells_give_rows_rejections_and_plots(output):
    (rows,) = re.findall(r"^value: (\d+)$", output, re.MULTILINE)
    assert int(rows) == len(re.findall(r"^[0-9a-f]{16}-\d{3} ", output, re.MULTILINE)) > 0
    assert "('selection', 'not_chosen')" in output or "('selection', 'not_passed')" in output
    images = re.findall(r"^value: (<svg .*)$", output, re.MULTILINE)
    assert len(images) == 2 and all("var(--" not in image for image in images)
    assert "finished" in output


@pytest.mark.slow
def test_its_engine_and_its_sandbox_answer(output):
    assert re.search(r"^(stop|length) \d+ ", output, re.MULTILINE)
    assert "right passed" in output and re.search(r"^wrong (?!passed)", output, re.MULTILINE)
