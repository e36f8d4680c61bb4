"""`preview` and `status --all`, on a scripted model: what is shown of seeds, and of runs that were stopped."""

from __future__ import annotations

import orjson

from tests.e2e.test_unanswered import configure, failing, model
from tests.support.projects import Project
from tests.support.scripted_server import completed, scripted_server


def test_the_first_seeds_are_shown_with_rows_and_rejections_and_a_stopped_run_is_found(project: Project) -> None:
    with scripted_server() as server:
        configure(project, server)
        server.answer = failing(
            "The longest", completed("words", "length", usage={"prompt_tokens": 5, "completion_tokens": 10**6})
        )
        code, output = project.ask("preview", "4", "--json")
        assert code == 0, output
        found = orjson.loads(output)
        assert not (project.artifacts / "latest").exists()
        server.answer = failing("The longest", completed(None))
        project.run("--concepts-temperature", "0.5")
        server.answer = model
    assert len(found) == 4
    lost = {item["seed"]["name"]: item["rejected"] for item in found if item["row"] is None}
    assert [(item["stage"], item["rule"]) for item in lost["longest"]] == [("concepts", "length")]
    rows = [item for item in found if item["row"]]
    assert rows and all("assert twice_" in item["row"]["tests"] for item in rows)
    assert {item["rule"] for item in rows[0]["rejected"]} == {"not_chosen"}
    code, output = project.ask("status", "--all", "--json")
    [run] = orjson.loads(output)
    assert run["records"] == 3
    assert run["command"].endswith("--concepts-temperature 0.5")
    assert [folder.split("/")[0] for folder in run["folders"]] == ["concepts"]
