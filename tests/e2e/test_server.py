"""The main job with its generation on a real completions server."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict

import orjson
import pyarrow.parquet
import pytest

from pipeline import demo
from tests.support.completions_server import free_port, serving
from tests.support.projects import Project

WINDOW = 1024


def on_server(port: int, **more) -> dict[str, dict]:
    """The demo on a server: what says that its model is the demo model is left to the user."""
    return {
        "seeds": {"stdlib_share": 0.08},
        "prompts": {"exemplars": demo.EXEMPLARS},
        "engine": {
            "backend": "server",
            "base_url": f"http://127.0.0.1:{port}/v1",
            "n_ctx": WINDOW,
            "max_retries": 0,
            **more,
        },
    }


def passed_of_each(project: Project) -> list[float]:
    """The share of passing responses, instruction by instruction."""
    by_instruction = defaultdict(list)
    for key, record in project.records("executions").items():
        by_instruction[key.rsplit("-", 1)[0]].append(record["passed"])
    return [statistics.fmean(passed) for passed in by_instruction.values()]


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """The same project finished by the embedded engine, and by a server."""
    embedded, served = (Project(tmp_path_factory.mktemp(name)) for name in ("embedded", "served"))
    embedded.configure(seeds={"stdlib_share": 0.08}, engine={"n_ctx": WINDOW})
    port = free_port()
    served.configure(**on_server(port))
    with serving(demo.MODEL, port, "--model_alias", "demo"):
        for project in (embedded, served):
            code, output = project.run()
            assert code == 0, output
        _, findings = served.ask("doctor", "--json")
    (found,) = [item for item in orjson.loads(findings) if item["name"] == "server"]
    assert (found["level"], found["text"][:22]) == ("PASS", "demo (me), window 1024")
    return embedded, served


def test_a_server_makes_a_dataset_of_the_same_schema(projects):
    schemas = []
    for project in projects:
        latest = project.artifacts / "latest"
        rows = project.rows()
        assert rows
        schemas.append((pyarrow.parquet.read_schema(latest / "train.parquet"), [list(row) for row in rows[:1]]))
    assert schemas[0] == schemas[1]
    model = projects[1].rows()[0]["model"]
    assert model == {"name": "demo", "sha256": ""}


def test_a_servers_responses_pass_as_often_as_the_embedded_engines(projects, record_property):
    """Two samples of the same instructions' distribution: responses of one instruction go together."""
    one, other = map(passed_of_each, projects)
    error = math.sqrt(statistics.variance(one) / len(one) + statistics.variance(other) / len(other))
    z = (statistics.fmean(one) - statistics.fmean(other)) / error
    print(f"{statistics.fmean(one):.3f} and {statistics.fmean(other):.3f} pass: z = {z:.2f}")
    assert abs(z) < 3


def test_sandboxes_run_beside_generation_where_it_is_elsewhere_and_not_where_it_needs_the_cores(
    projects,
):
    executed_before = []
    for project in projects:
        (meta,) = (project.artifacts / "executions").glob("*/shard-000000.meta.json")
        executed_before.append(orjson.loads(meta.read_bytes())["resumed"])
    embedded, served = executed_before
    assert embedded == 0
    assert served > 10


def test_the_recipe_names_the_servers_model_and_not_its_address(projects):
    _, served = projects
    model = next((served.artifacts / "concepts").glob("*/recipe.json")).read_text()
    assert "demo (me)" in model
    assert "127.0.0.1" not in model


def test_a_finished_dataset_is_found_again_on_another_port(projects):
    _, served = projects
    before, port = served.files(), free_port()
    served.configure(**on_server(port))
    with serving(demo.MODEL, port, "--model_alias", "demo"):
        code, output = served.run()
    assert code == 0, output
    assert {path: status for path, status in served.files().items() if "model/" not in path} == {
        path: status for path, status in before.items() if "model/" not in path
    }


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({}, 20, "no answer from a completions server"),
        ({"base_url": "gpu-node:8000"}, 15, "must start with http://"),
        ({"concurrency": 0}, 15, "[engine] concurrency = 0"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_line_before_any_work(project, change, code, message):
    project.configure(**on_server(free_port(), **change))
    ended, output = project.run()
    assert ended == code, output
    (line,) = [line for line in output.splitlines() if "error: " in line]
    assert message in line
    _, findings = project.ask("doctor")
    assert message in " ".join(findings.split())
    assert "Traceback" not in output


def test_a_server_that_does_not_say_its_window_has_to_be_told(project):
    port = free_port()
    project.configure(**on_server(port, n_ctx=0))
    with serving(demo.MODEL, port):
        code, output = project.run()
    assert code == 15
    assert "the server does not state the window" in output
