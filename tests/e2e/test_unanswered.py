"""A server that fails on some requests: their records are no verdicts, and the next run requests them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline import demo
from tests.support.projects import Project
from tests.support.scripted_server import Scripted, completed, scripted_server

FUNCTIONS = [
    f'def {name}(values):\n    """The {name} of some values."""\n    return {expression}\n'
    for name, expression in [
        ("total", "sum(values)"),
        ("longest", "max(values, key=len)"),
        ("unique", "sorted(set(values))"),
        ("reverse", "list(reversed(values))"),
    ]
]
ANSWERS = {
    "### Concepts": "sums, lists",
    "### Instruction": "Write a function `twice_{n}(x)` that returns the double of a number, for the case {n}.",
    "### Response": "Here it is.\n\n```python\ndef twice_{n}(x):\n    return 2 * x\n```\n\n### Tests\n"
    "```python\nassert twice_{n}(4) == 8\nassert twice_{n}(-1) == -2\n```",
}


def document(body: dict[str, Any]) -> str:
    """The text that the model has to continue; of a conversation, the last turn."""
    return (body.get("prompt") or body["messages"][-1]["content"]).rstrip("\n")


def model(body: dict[str, Any]) -> Any:
    """A model that knows one answer a stage."""
    heading = document(body).rsplit("\n", 1)[-1]
    text = ANSWERS.get(heading, "x").replace("{n}", str(len(document(body)) % 1000))
    if "messages" not in body:
        return completed(text)
    answer = completed("")
    answer["choices"] = [{"message": {"content": text, "reasoning_content": "Let me see."}, "finish_reason": "stop"}]
    return answer


def configure(project: Project, server: Scripted, **sections: dict[str, Any]) -> None:
    (project.root / "code").mkdir(exist_ok=True)
    (project.root / "code" / "some.py").write_text("\n\n".join(FUNCTIONS))
    project.configure(
        seeds={"sources": "code", "type_check": "false"},
        prompts={"exemplars": demo.EXEMPLARS},
        engine={"backend": "server", "base_url": server.url, "max_retries": 0},
        **sections,
    )


def failing(trouble: str, answer: Any) -> Callable[[dict[str, Any]], Any]:
    """`model`, but for requests whose prompt ends with a record that has `trouble` in it."""
    return lambda body: answer if trouble in document(body)[-1500:] else model(body)


@pytest.mark.parametrize("trouble", [(500, {"error": "boom"}), completed(None)])
def test_what_a_server_left_undone_is_requested_again(project: Project, trouble: Any) -> None:
    with scripted_server() as server:
        configure(project, server)
        server.answer = failing("The longest", trouble)
        code, output = project.run()
        assert code == 30, output
        assert "the server has left 1 requests unanswered" in output
        assert len(project.journal("concepts")) == 3
        server.answer = model
        code, output = project.run()
    assert code == 0, output
    assert "goes on at 3 of 4" in output
    assert len(project.records("concepts")) == 4
    assert project.rejected("concepts") == []


def test_a_run_goes_on_without_them_when_it_is_told_to(project: Project) -> None:
    with scripted_server() as server:
        configure(project, server)
        server.answer = failing("The longest", completed(None))
        code, output = project.run("--engine-unanswered", "drop")
    assert code == 0, output
    assert [item["rule"] for item in project.rejected("concepts")] == ["error"]


@pytest.mark.parametrize("kept", [True, False])
def test_a_chat_model_answers_and_its_thoughts_are_kept_or_cut(project: Project, kept: bool) -> None:
    with scripted_server() as server:
        responses = {"api": "chat", "reasoning": "keep" if kept else "cut", "samples": 1}
        configure(project, server, responses=responses)
        server.answer = model
        code, output = project.run()
    assert code == 0, output
    assert {row["response"].startswith("<think>\nLet me see.") for row in project.rows()} == {kept}
    chats = [body["messages"] for body in server.bodies if "messages" in body]
    longest = max(chats, key=len)
    roles = [turn["role"] for turn in longest]
    assert roles == ["system", *["user", "assistant"] * ((len(roles) - 2) // 2), "user"]
    assert all(turn["content"].endswith("### Response") for turn in longest if turn["role"] == "user")
    recipe = json.loads(next((project.artifacts / "responses").glob("*/recipe.json")).read_bytes())
    assert recipe["ingredients"]["api"] == "chat"


def test_a_key_is_in_no_file_and_on_no_terminal(project: Project) -> None:
    with scripted_server() as server:
        configure(project, server)
        server.answer = failing("The longest", (400, {"message": "Incorrect key sk-secret-1234"}))
        code, output = project.run(OPENAI_API_KEY="sk-secret-1234\n")
    assert code == 0, output
    assert "sk-secret" not in output
    written = [path for path in project.artifacts.rglob("*") if path.is_file()]
    assert not [path for path in written if b"sk-secret" in path.read_bytes()]
    assert [item["rule"] for item in project.rejected("concepts")] == ["error"]
