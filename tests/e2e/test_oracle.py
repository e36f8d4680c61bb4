"""Instructions from docstrings: a response becomes a row where it answers as the seed's own code."""

from __future__ import annotations

from typing import Any

from tests.e2e.test_unanswered import configure, document, model
from tests.support.projects import Project
from tests.support.scripted_server import completed, scripted_server

CODE = {
    "total": "def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result",
    "longest": "def longest(values):\n    return values[0]",
    "unique": "def unique(values):\n    return list(dict.fromkeys(values))",
}
TESTS = {
    "total": "assert total([2, 3]) == 5\nassert total([]) == 0",
    "longest": 'assert longest(["abc", "b"]) == "abc"\nassert longest(["de", "f", ""]) == "de"',
    "unique": "assert unique([1, 1, 2]) == [1, 2]\nassert unique([]) == []",
}


def answer(body: dict[str, Any]) -> Any:
    """Responses that pass their own tests: one is right, two are right on the inputs of their tests alone."""
    text = document(body)
    asked = text.rpartition("### Instruction")[2]
    for name, code in CODE.items():
        if text.endswith("### Response") and f"`{name}`" in asked:
            return completed(f"Here it is.\n\n```python\n{code}\n```\n\n### Tests\n```python\n{TESTS[name]}\n```")
    return model(body)


def test_rows_are_those_that_answer_as_the_seed_and_the_others_name_the_call(project: Project) -> None:
    with scripted_server() as server:
        configure(project, server, instructions={"source": "docstring"}, responses={"samples": 2})
        server.answer = answer
        code, output = project.run()
        assert code == 0, output
        rows = project.rows()
        _, told = project.ask("explain", rows[0]["id"])
    assert {row["seed"]["name"] for row in rows} == {"total"}
    assert "The total of some values." in rows[0]["instruction"]
    assert "sum(values)" not in rows[0]["instruction"]
    assert "oracle" in told
    unlike = [record for record in project.rejected("oracle") if record["rule"] == "unlike_seed"]
    assert len(unlike) == 2 * 2
    assert all(", the seed " in record["evidence"] for record in unlike)
    funnel = project.manifest()["funnel"]
    card = (project.artifacts / "latest" / "README.md").read_text()
    assert "function itself on all calls that were compared; 4 others passed their own tests and did not." in card
    stages = list(funnel)
    assert stages[stages.index("verifications") + 1] == "oracle"
    assert not any(body["prompt"].rstrip().endswith("### Instruction") for body in server.bodies)
