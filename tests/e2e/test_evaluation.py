"""`luigi --module pipeline Evaluation` and `python -m pipeline evaluate`, with kill -9 in between."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest

from pipeline.demo.pack import PACK
from tests.support.projects import Project, kill_tree

TASKS = 24
SAMPLED = {"pack": "small.jsonl", "samples": 4, "k": "1, 4", "temperature": 0.7}


@pytest.fixture
def small(project: Project) -> Project:
    """A project whose pack is the beginning of the demo pack."""
    lines = gzip.decompress(PACK.read_bytes()).splitlines(keepends=True)
    (project.root / "small.jsonl").write_bytes(b"".join(lines[:TASKS]))
    project.configure(evaluation=SAMPLED)
    return project


def reports(project: Project) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in project.artifacts.glob("evaluation/*/report.json")]


def results(project: Project) -> dict[str, tuple[int, int]]:
    """The files of the two stages, as `Project.files` tells them."""
    files = project.files().items()
    return {name: file for name, file in files if name.startswith(("answers/", "evaluation/"))}


def test_killed_in_each_of_its_stages_it_goes_on_and_gives_the_figures(small: Project) -> None:
    # Both stages last, on any machine: one sequence at a time, and tests that take their time.
    tasks = [orjson.loads(line) for line in (small.root / "small.jsonl").read_bytes().splitlines()]
    for task in tasks:
        task["test_list"].append("__import__('time').sleep(0.3)")
    (small.root / "small.jsonl").write_bytes(b"".join(orjson.dumps(t) + b"\n" for t in tasks))
    small.configure(evaluation=SAMPLED, engine={"n_seq": 1}, executions={"workers": 2})
    finished: dict[str, list[dict[str, Any]]] = {}
    for stage in ("answers", "evaluation"):
        kill_tree(small.gated(stage, "append", "stop", task="Evaluation"))
        finished[stage] = small.journal(stage)
    code, output = small.run(task="Evaluation")
    assert code == 0, output
    assert f"evaluation 000000: goes on at {len(finished['evaluation'])} of" in output
    for stage, lines in finished.items():
        kept = small.records(stage)
        assert all(kept[line["id"]] == line["record"] for line in lines if "record" in line)
    [report] = reports(small)
    assert report["tasks"] == len(report["passed"]) == TASKS
    assert sum(report["passed"].values()) == sum(r["passed"] for r in small.records("evaluation").values())
    one, four = report["figures"]["pass@1"], report["figures"]["pass@4"]
    assert one["mean"] == pytest.approx(sum(report["passed"].values()) / (4 * TASKS), abs=1e-4)
    assert one["low"] < one["mean"] < one["high"]
    assert four["mean"] == pytest.approx(sum(c > 0 for c in report["passed"].values()) / TASKS, abs=1e-4)
    answers = report["recipe"]["made_from"]["ingredients"]
    assert answers["model"]["sha256"] == report["model"]["sha256"]
    assert answers["pack"]["name"] == "small" and answers["prompt"]["style"] == "few_shot"
    assert report["recipe"]["limits"]["timeout_s"] == 10


def test_the_command_scores_a_model_and_does_nothing_the_second_time(small: Project) -> None:
    options = (
        "evaluate",
        "--pack",
        "small.jsonl",
        "--samples",
        "1",
        "--k",
        "1",
        "--temperature",
        "0",
    )
    code, output = small.ask(*options)
    assert code == 0, output
    assert "selfcodealign-demo on small: pass@1 0." in output
    before = results(small)
    assert small.ask(*options)[0] == 0
    assert results(small) == before


@pytest.mark.parametrize(
    ("key", "value", "code", "says"),
    [
        ("k", "5", 15, "[evaluation] k = 5 with samples = 4"),
        ("model", "missing.gguf", 20, "missing.gguf"),
        ("pack", "missing.jsonl", 20, "missing.jsonl"),
    ],
)
def test_a_wrong_setting_ends_with_its_code(small: Project, key: str, value: str, code: int, says: str) -> None:
    ended, output = small.run(f"--evaluation-{key}", value, task="Evaluation")
    assert ended == code, output
    assert says in output and "Traceback" not in output


def test_a_pack_that_cannot_be_judged_names_itself(small: Project) -> None:
    (small.root / "small.jsonl").write_text('{"question": "?", "answer": "!"}\n')
    code, output = small.run(task="Evaluation")
    assert code == 15, output
    assert "small.jsonl" in output


def plus_row(number: int, solution: str) -> dict[str, Any]:
    """A task as EvalPlus publishes it: inputs, and a solution that gives the outputs."""
    return {
        "task_id": f"HumanEval/{number}", "prompt": f'def f{number}(x):\n    """Change x."""\n',
        "entry_point": f"f{number}", "canonical_solution": solution, "base_input": [[1], [2]], "plus_input": [[-3]],
        "atol": 0, "contract": "",
    }  # fmt: skip


def test_answers_of_others_are_scored_on_several_packs_and_what_is_missing_is_named(project: Project) -> None:
    rows = [plus_row(0, "    return abs(x)\n"), plus_row(1, "    return 1 / 0\n"), plus_row(2, "    return x\n")]
    (project.root / "plus.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    given = [
        {"task_id": "HumanEval/0", "completion": "    return x\n"},  # right for the base inputs alone
        {"task_id": "HumanEval/0", "solution": "def f0(x):\n    return abs(x)\n"},
        {"task_id": "HumanEval/1", "solution": "def f1(x):\n    return x\n"},
        {"task_id": "HumanEval/9", "solution": "x"},
    ]
    (project.root / "given.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in given))
    code, output = project.ask("evaluate", "--pack", "plus.jsonl", "--samples", "given.jsonl", "--json")
    assert code == 0, output
    for named in (
        "1 task not scored, because the pack's own solution does not run: HumanEval/1",
        "1 task without an answer, which counts as failed: HumanEval/2",
        "1 task answered, but not in the pack: HumanEval/9",
    ):
        assert named in output
    [report] = reports(project)
    assert report["passed"] == {"HumanEval/0": 1, "HumanEval/2": 0}
    assert report["suites"] == {"base": {"HumanEval/0": 2, "HumanEval/2": 0}}
    assert report["figures"]["pass@1"]["mean"] == 0.25 and report["figures"]["pass@1 of base"]["mean"] == 0.5
    references = project.artifacts.glob("references/*/shard-000000.jsonl")
    assert {orjson.loads(line)["task"] for line in next(references).read_bytes().splitlines()} == {
        "HumanEval/0",
        "HumanEval/2",
    }


def test_a_pack_whose_solutions_do_not_run_is_refused_before_anything_is_generated(project: Project) -> None:
    (project.root / "plus.jsonl").write_bytes(orjson.dumps(plus_row(0, "    return 1 / 0\n")) + b"\n")
    for _ in range(2):
        code, output = project.ask("evaluate", "--pack", "plus.jsonl")
        assert code == 15, output
        assert "not one of its own solutions runs" in output
    assert not project.artifacts.joinpath("answers").exists()


def test_a_model_is_asked_by_completion_and_scored_on_two_packs(small: Project) -> None:
    lines = (small.root / "small.jsonl").read_bytes().splitlines(keepends=True)
    for name in ("one.jsonl", "two.jsonl"):
        (small.root / name).write_bytes(b"".join(lines[:2]))
    small.configure(evaluation={"prompt": "completion", "pack": "one.jsonl, two.jsonl", "max_tokens": 40})
    code, output = small.run(task="Evaluation")
    assert code == 0, output
    assert "| one | 2 | pass@1 |" in output and "| two | 2 | pass@1 |" in output
    assert {report["pack"] for report in reports(small)} == {"one", "two"}
    # What is cut at max_tokens is scored, as evaluators of base models do it.
    assert all(record["code"].startswith('"""\n') for record in small.records("answers").values())
