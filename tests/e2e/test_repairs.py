"""Failed attempts that get another try: a whole run whose every completion is known, from a server of the tests."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.projects import Project, kill_tree
from tests.support.scripted_server import Scripted, completed, scripted_server

# What becomes of a function's task: the first answers pass, or none does and the repair ends like this.
ENDS = {
    "amber": "solved", "birch": "right", "cedar": "right", "dunes": "wrong", "ember": "same", "flint": "hard_wired",
    "grove": "no_code", "haven": "right",
}  # fmt: skip
TESTS = "assert {name}(3) == 6\nassert {name}(0) == 0\nassert {name}(10) == 20"
ATTEMPT = "def {name}(number):\n    return number + 3\n"  # right for 3 alone
SHORTER = "def {name}(n):\n    return 1\n"  # right for none
REPAIRS = {
    "right": "def {name}(number):\n    return 2 * number\n",
    "wrong": "def {name}(number):\n    return 3 * number\n",
    "hard_wired": "def {name}(number):\n    if number == 10:\n        return 20\n    return number + number % 5\n",
}


def response(code: str, tests: str = "") -> dict[str, Any]:
    text = f"Twice the number.\n\n```python\n{code}```\n"
    return completed(text + (f"\n### Tests\n```python\n{tests}\n```\n" if tests else ""))


def answer(body: dict[str, Any]) -> Any:
    """What the server's model writes: all that follows from the end of the prompt."""
    last = body["prompt"].rpartition("\n## Example ")[2]
    name = next(iter(re.findall(rf"\b({'|'.join(ENDS)})", last)), "")
    if not name:
        return completed(" x")  # whether there is an answer at all
    end = ENDS[name]
    if last.endswith("### Concepts\n"):
        return completed(f"{name} numbers, doubling\n")
    if "### Properties\n" in last:
        return completed(f"Write a function `{name}(number)` that returns twice a number.\n\n### ")
    if "### Attempt\n" in last:
        if end == "no_code":
            return completed("No idea.\n")
        same = "# Twice.\n" + re.findall(r"```python\n(.*?)```", last, re.DOTALL)[0]
        return response(same if end == "same" else REPAIRS[end].format(name=name))
    if end == "solved":
        return response(REPAIRS["right"].format(name=name), TESTS.format(name=name))
    wrong = (ATTEMPT, SHORTER)[body["seed"] % 2]
    return response(wrong.format(name=name), TESTS.format(name=name))


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    with scripted_server() as script:
        script.answer = answer
        yield script


def configured(project: Project, server: Scripted, **repairs: Any) -> Project:
    (project.root / "code").mkdir(exist_ok=True)
    for name in ENDS:
        text = f'def {name}(number):\n    """Twice the number."""\n    return number * 2\n'
        (project.root / "code" / f"{name}.py").write_text(text)
    project.configure(
        seeds={"sources": "code", "near_duplicates": 0, "type_check": "false"},
        prompts={"exemplars": "short"},
        engine={"backend": "server", "base_url": server.url},
        responses={"samples": 3},
        selection={"near_duplicates": 1},
        repairs={"samples": 1, **repairs},
    )
    return project


@pytest.fixture(scope="module")
def repaired(shared_project: Project, server: Scripted) -> Project:
    """A finished run with repairs."""
    code, output = configured(shared_project, server).run()
    assert code == 0, output
    return shared_project


def fates(project: Project, stage: str) -> dict[str, str]:
    """By function, how its one repair ended in a stage."""
    names = {seed["id"]: seed["name"] for seed in project.records("seeds").values()}
    dropped = {one["id"]: one["rule"] for one in project.rejected(stage)}
    return {names[id.partition("-")[0]]: rule for id, rule in dropped.items()}


def test_only_what_no_response_solved_is_repaired_and_each_loss_has_its_rule(repaired: Project) -> None:
    assert fates(repaired, "repairs") == {"ember": "unchanged", "flint": "hard_wired", "grove": "no_code_block"}
    names = {seed["id"]: seed["name"] for seed in repaired.records("seeds").values()}
    tried = {names[one["id"].partition("-")[0]] for one in repaired.records("repairs").values() if "code" in one}
    assert tried == {"birch", "cedar", "haven", "dunes"}
    verdicts = repaired.records("reruns")
    passed = {names[id.partition("-")[0]] for id, verdict in verdicts.items() if verdict["passed"]}
    assert passed == {"amber", "birch", "cedar", "haven"}


def test_a_repair_takes_the_place_of_its_attempt_under_the_tests_of_that(repaired: Project) -> None:
    rows = {row["seed"]["name"]: row for row in repaired.rows()}
    assert rows.keys() == {"amber", "birch", "cedar", "haven"}
    attempts, verdicts = repaired.records("responses"), repaired.records("executions")
    for name, row in rows.items():
        if name == "amber":
            assert row["attempt"] is None
            continue
        verdict = verdicts[row["id"]]
        assert row["attempt"] == {"id": row["id"], "status": verdict["status"], "detail": verdict["detail"]}
        assert row["response"] != attempts[row["id"]]["response"]
        assert row["tests"] == attempts[row["id"]]["tests"]
        assert row["samples"] == {"n": 3, "passed": 0}
        assert "2 * number" in row["response"]


def test_the_model_is_shown_the_attempt_that_came_furthest_and_its_failed_check(
    repaired: Project, server: Scripted
) -> None:
    prompts = [body["prompt"].rpartition("\n## Example ")[2] for body in server.bodies]
    shown = [prompt for prompt in prompts if "### Attempt\n" in prompt and prompt.endswith("### Response\n")]
    assert shown
    for prompt in shown:
        assert re.search(
            r"### Outcome\n    assert \w+\((0|3|10)\) == \d+\n    AssertionError\n\n### Response\n$", prompt
        )
    tried = repaired.records("responses")
    further = {one["instruction_id"] for one in tried.values() if "+ 3" in one["code"]}
    chosen = {one["id"] for one in repaired.rejected("repairs")}
    chosen |= {one["id"] for one in repaired.records("repairs").values() if "code" in one}
    assert {tried[id]["instruction_id"] for id in chosen if "+ 3" in tried[id]["code"]} == further


def test_funnel_card_and_explain_show_the_repairs(repaired: Project) -> None:
    manifest = repaired.manifest()
    funnel = manifest["funnel"]
    stages = list(funnel)
    assert stages[stages.index("executions") :][:4] == ["executions", "repairs", "reruns", "verifications"]
    assert (funnel["executions"]["passed"], funnel["reruns"]["passed"]) == (3, 6)
    assert funnel["repairs"]["rejected"] == 3
    assert manifest["repaired"] == 3
    assert "Of 3 rows the response is a second one" in (repaired.artifacts / "latest" / "README.md").read_text()
    row = next(row for row in repaired.rows() if row["attempt"])
    code, told = repaired.ask("explain", row["id"], "--json")
    assert code == 0, told
    events = {event["stage"]: event for event in orjson.loads(told)["events"]}
    assert events["responses"]["record"]["code"] != events["repairs"]["record"]["code"]
    assert "### Outcome" in events["repairs"]["prompt"]["tail"]
    assert (events["executions"]["record"]["passed"], events["reruns"]["record"]["passed"]) == (False, True)
    assert repaired.ask("verify")[0] == 0


def test_repaired_rows_are_exported_as_two_turns(repaired: Project, tmp_path: Path) -> None:
    code, output = repaired.ask("export", "repairs", "--to", str(tmp_path))
    assert code == 0, output
    talks = [orjson.loads(line) for line in (tmp_path / "repairs" / "train.jsonl").read_bytes().splitlines()]
    rows = {row["id"]: row for row in repaired.rows() if row["attempt"]}
    attempts = repaired.records("responses")
    assert {talk["id"] for talk in talks} == rows.keys()
    for talk in talks:
        row, (asked, tried, told, right) = rows[talk["id"]], talk["messages"]
        assert asked == {"role": "user", "content": row["instruction"]}
        assert tried == {"role": "assistant", "content": attempts[row["id"]]["response"]}
        assert told["role"] == "user" and "AssertionError" in told["content"]
        assert right == {"role": "assistant", "content": row["response"]}


def test_a_run_killed_among_the_repairs_ends_with_the_same_rows(
    repaired: Project, server: Scripted, tmp_path: Path
) -> None:
    shutil.copytree(repaired.root, tmp_path / "again", symlinks=True)
    project = configured(Project(tmp_path / "again"), server)
    for stage in ("repairs", "reruns", "verifications", "decontamination", "selection", "dataset", "latest"):
        made = project.artifacts / stage
        made.unlink() if made.is_symlink() else shutil.rmtree(made)
    kill_tree(project.gated("repairs", "append", "stop"))
    before = {entry["id"]: entry for entry in project.journal("repairs")}
    assert before
    code, output = project.run()
    assert code == 0, output
    assert {row["id"]: row for row in project.rows()} == {row["id"]: row for row in repaired.rows()}
    kept = {**project.records("repairs"), **{one["id"]: one for one in project.rejected("repairs")}}
    assert all(entry.get("record", entry.get("rejection")).items() <= kept[id].items() for id, entry in before.items())


def test_without_repairs_the_stages_are_not_there_and_no_row_is_lost(
    repaired: Project, server: Scripted, tmp_path: Path
) -> None:
    before = {row["id"]: row for row in repaired.rows()}
    try:
        code, output = configured(repaired, server, samples=0).run()
        assert code == 0, output
        after = {row["id"]: row for row in repaired.rows()}
        assert after == {id: row | {"weight": 1.0} for id, row in before.items() if not row["attempt"]}
        assert "repairs" not in repaired.manifest()["funnel"]
        assert "repaired" not in repaired.manifest()
        code, output = repaired.ask("export", "repairs", "--to", str(tmp_path))
        assert code == 0, output
        assert not (tmp_path / "repairs").exists()
    finally:
        assert configured(repaired, server).run()[0] == 0
