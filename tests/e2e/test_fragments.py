"""Fragments as seeds: the whole way to rows, on the demo model."""

from __future__ import annotations

import bisect
import statistics
from pathlib import Path

from tests.support.projects import Project


def test_fragments_become_rows_with_their_place_and_licence(project: Project) -> None:
    (project.root / "code").mkdir()
    for module in (statistics, bisect):
        own = project.root / "code" / Path(module.__file__).name
        own.write_text("# SPDX-License-Identifier: MIT\n" + Path(module.__file__).read_text())
    project.configure(
        seeds={"sources": "code", "kinds": "fragments", "limit": 10, "licences": "permissive"},
        responses={"samples": 3},
        verification={"enabled": False},
    )
    code, output = project.run()
    assert code == 0, output
    seeds = project.records("seeds")
    rows = project.rows()
    assert len(seeds) == 10 and rows
    assert {row["seed"]["licence"] for row in rows} == {"MIT"}
    for row in rows:
        place = row["seed"]
        lines = (project.root / "code" / Path(place["path"]).name).read_text().split("\n")
        first, last = place["lines"]
        own = [line.strip() for line in lines[first - 1 : last]]
        assert own == [line.strip() for line in seeds[row["id"].split("-")[0]]["code"].rstrip("\n").split("\n")]
