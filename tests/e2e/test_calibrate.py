"""`calibrate` measures how right a model's rows are; `[selection] trust` demands it, and the dataset states it."""

from __future__ import annotations

import orjson

NEVER = "was never measured"


def test_a_run_that_demands_trust_needs_a_measurement_that_grants_it(project):
    project.configure(seeds={"stdlib_share": "0.02"})
    code, output = project.run("--selection-trust", "0.3")
    assert code == 55, output
    assert NEVER in output
    assert "selfcodealign calibrate" in output

    code, output = project.ask("calibrate", "--tasks", "20", "--json")
    assert code == 0, output
    measured = orjson.loads(output[output.index("{") :])
    figures = measured["figures"]
    assert (figures["tasks"], figures["completions"]) == (20, 80)
    assert figures["in_form"] >= figures["passing"] >= figures["right_passing"] > 0
    assert 20 >= figures["selected"] >= figures["right_selected"] > 0
    assert measured["model"]["name"] == "selfcodealign-demo"

    answered = project.files()
    assert project.ask("calibrate", "--tasks", "20")[0] == 0
    journals = {path: content for path, content in answered.items() if "responses" in path}
    assert journals.items() <= project.files().items()  # no completion was made again

    code, output = project.run("--selection-trust", "1")
    assert code == 55, output
    assert "min_agreement" in output
    code, output = project.run("--selection-trust", "0.3")
    assert code == 0, output
    for name in ("README.md", "report.html"):
        page = (project.artifacts / "latest" / name).read_text()
        assert "of the" in page
        assert "20 tasks are of" in page
        assert NEVER not in page


def test_a_dataset_whose_trust_was_never_measured_states_that(demo_run):
    assert NEVER in (demo_run.artifacts / "latest" / "README.md").read_text()
    assert demo_run.manifest()["calibration"] is None
