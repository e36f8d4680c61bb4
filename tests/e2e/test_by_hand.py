"""A person takes a row out: another response takes its place, and funnel and card count it."""

from __future__ import annotations

from tests.e2e.test_unanswered import configure, model
from tests.support.projects import Project
from tests.support.scripted_server import scripted_server


def test_a_row_that_is_taken_out_is_replaced_counted_and_explained(project: Project) -> None:
    with scripted_server() as server:
        configure(project, server)
        server.answer = model
        code, output = project.run()
        assert code == 0, output
        row = project.rows()[0]["id"]
        (project.root / "reject.txt").write_text(f"{row} its tests prove nothing\nffff-000 typo\n")
        options = ("--selection-reject", "reject.txt")
        code, output = project.run(*options)
        assert code == 0, output
        assert "no response has the id ffff-000" in output
        _, told = project.ask("explain", row, *options)
    assert row not in {item["id"] for item in project.rows()}
    assert project.manifest()["funnel"]["selection"]["rules"]["by_hand"] == 1
    assert "by_hand" in (project.artifacts / "latest" / "README.md").read_text()
    assert "its tests prove nothing" in told
