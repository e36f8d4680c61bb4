"""A run that loses everything says so early, ends under cron, and without that still says where and why."""

from __future__ import annotations

import orjson
import pytest


@pytest.fixture(scope="module")
def hopeless(shared_project):
    """A project whose model may write one token of concepts, and is then cut off."""
    shared_project.configure(seeds={"stdlib_share": "0.15"}, concepts={"max_tokens": 1})
    return shared_project


def test_a_run_without_a_terminal_ends_with_its_own_code_before_the_shard_does(hopeless):
    code, output = hopeless.run()
    assert code == 50, output
    assert "all of the first 20 records of concepts were lost (length 20), such as " in output
    assert "raise [concepts] max_tokens" in output
    assert "stop_when_hopeless = off" in output
    assert 20 <= len(hopeless.journal("concepts")) < len(hopeless.records("seeds"))


def test_an_empty_dataset_names_stage_rules_and_an_example_and_has_its_report(hopeless):
    code, output = hopeless.run("--project-stop-when-hopeless", "off")
    assert code == 30, output
    lost = len(hopeless.records("seeds"))
    assert f"the last records were lost at the stage concepts, all {lost} of them (length {lost})" in output
    example = output.split("selfcodealign explain ")[-1].split("`")[0]
    code, explained = hopeless.ask("explain", example)
    assert code == 0, explained
    assert "rejected by length" in explained
    report = hopeless.artifacts / "empty" / "report.html"
    assert "concepts" in report.read_text()
    assert orjson.loads((report.parent / "manifest.json").read_bytes())["rows"] == 0
    assert not (hopeless.artifacts / "latest").exists()
    assert hopeless.ask("verify")[0] == 0


def test_a_plan_names_the_rules_that_dropped_its_pilot(hopeless):
    code, output = hopeless.ask("plan", "--seeds", "3")
    assert code == 0, output
    assert "length 3" in output
    assert "nothing came here" in output
    assert "rows    unknown: the pilot made none" in output
