"""`plan`: a pilot with the real model in a folder of its own, and its comparison with a real run."""

from __future__ import annotations

import orjson
import pytest


def test_a_plan_is_made_from_a_pilot_and_compared_with_the_run(demo_run):
    before = demo_run.files()
    code, output = demo_run.ask("plan", "--seeds", "3", "--budget-hours", "100", "--rows", "2", "--json")
    assert code == 0, output
    plan = orjson.loads(output[output.index("{") :])
    seeds = demo_run.manifest()["funnel"]["seeds"]["in_force"]
    assert (plan["seeds"], plan["pilot_seeds"], plan["fit"]) == (seeds, 3, seeds)
    goal = plan["goal"]
    for low, middle, high in (plan["rows"], plan["new_tokens"], plan["hours"], goal["seeds"], goal["hours"]):
        assert 0 <= low <= middle <= high
    new = {path for path in demo_run.files().keys() - before.keys() if not path.startswith("pilot/")}
    assert new == set()
    assert {path: demo_run.files()[path] for path in before} == before
    assert sum(middle for _, middle, _ in plan["fates"].values()) == pytest.approx(plan["new_tokens"][1], rel=0.1)
    code, output = demo_run.ask("plan", "--compare", "--json")
    assert code == 0, output
    lines = {line["what"]: line for line in orjson.loads(output)}
    assert lines["rows"]["happened"] == len(demo_run.rows())
    assert lines["new tokens: row"]["happened"] > 0
    spent = demo_run.manifest()["spent"].values()
    by_stage = demo_run.manifest()["cost"]["by_stage"]
    assert sum(line["new_tokens"] for line in by_stage) == sum(one.get("new_tokens", 0) for one in spent)


def test_without_a_plan_there_is_nothing_to_compare(project):
    code, output = project.ask("plan", "--compare")
    assert code == 20
    assert "plan first" in output
