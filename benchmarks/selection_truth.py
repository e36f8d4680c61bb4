"""How many of a model's rows are right: benchmark tasks as instructions, the model's own tests, hidden tests as judge.

    python benchmarks/selection_truth.py MODEL [--tasks FILE ...] [--samples 8] [--most N] [--json]

MODEL is a GGUF file, or `demo`. In: tasks in the layout of HumanEval or MBPP (default: the demo pack); keys of luigi.cfg are
options too (`--responses-temperature 0.4 --prompts-exemplars short`). The model answers each task with tests of its
own through the pipeline's stages, the selection chooses as in a run, and every answer is scored by the task's tests,
which nothing else sees (pipeline/operations/truth.py). Out, with --json as one object: `tasks`, `completions`, `in_form`, `right_in_form`,
`passing`, `right_passing`, `selected`, `right_selected`, `tokens_per_right_row` and more (pipeline/operations/calibration.py),
for the selection as configured and, under `ways`, for other ways of choosing.

Half of the tasks, by hash of their id, is for tuning, the other half for reporting: --half takes one of them. Tasks are
taken in order of hash, and everything lies in --folder: an interrupted run goes on, --most with a larger number adds
to it, and other ways of choosing cost no completion. --answered takes what is there and calls no model.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipeline import demo
from pipeline.commands import open_project
from pipeline.config import Overrides, command_line
from pipeline.operations.calibration import evidence, figures, selected
from pipeline.operations.truth import TASKS_A_SHARD, Answers, HiddenTests, require_hidden_tests
from pipeline.packs.pack import load_pack
from pipeline.project.project import Project
from pipeline.text.hashing import number

ROOT = Path(__file__).resolve().parents[1]
HALVES = ("tuning", "reporting")
# Ways of choosing beside the configured one, by what they set in [selection].
WAYS: dict[str, Overrides] = {
    "any answer": {("selection", "among"): "all", ("selection", "choose"): "random"},
    "best, none trivial": {("selection", "trivial"): False},
    "random passing": {("selection", "choose"): "random"},
    "shortest passing": {("selection", "choose"): "shortest"},
    "best": {("selection", "choose"): "best"},
    **{
        f"best, agreement {least}": {("selection", "choose"): "best", ("selection", "min_agreement"): least}
        for least in (0.25, 0.5, 0.75)
    },
}  # fmt: skip


def half(task: str) -> str:
    """The half that a task belongs to, by hash of its id."""
    return HALVES[number("half", task) % 2]


def open_tasks(arguments: argparse.Namespace) -> HiddenTests:
    """The tasks, with the model, as a project of their own."""
    model = "" if arguments.model == "demo" else str(Path(arguments.model).resolve())
    project = open_project().variant(
        {("model", "path"): model, ("model", "repo_id"): "", ("responses", "samples"): arguments.samples}
    )
    packs = [load_pack(path) for path in arguments.tasks or [demo.PACK]]
    for pack in packs:
        require_hidden_tests(pack)
    name = "-".join([Path(arguments.model).stem, *(pack.name for pack in packs)])
    return HiddenTests(project, arguments.folder / name, (task for pack in packs for task in pack.tasks))


def answered(tasks: HiddenTests, most: int, only_answered: bool) -> Answers:
    """The answers to the first tasks in order of hash."""
    done = []
    for shard in tasks.shards:
        if most and shard * TASKS_A_SHARD >= most:
            break
        if not tasks.is_answered(shard):
            if only_answered:
                continue
            tasks.answer(shard)
        done.append(shard)
        print(f"{len(done) * TASKS_A_SHARD} tasks", file=sys.stderr, flush=True)
    return tasks.read(done)


def measure(tasks: HiddenTests, answers: Answers) -> dict[str, Any]:
    """All figures."""
    ways = {name: tasks.project.variant(overrides) for name, overrides in WAYS.items()}
    return {
        **_figures(tasks, answers, tasks.project),
        "evidence": evidence(answers),
        "ways": {name: _figures(tasks, answers, project) for name, project in ways.items()},
    }


def _figures(tasks: HiddenTests, answers: Answers, project: Project) -> dict[str, Any]:
    return figures(answers, selected(answers, tasks.places(), project))


def show(found: dict[str, Any]) -> None:
    """The figures for people."""
    print(
        f"{found['tasks']} tasks, {found['completions']} completions, {found['answerable']} tasks with a right answer"
    )
    for kind in ("in_form", "passing", "agreed"):
        print(f"{kind:24} {_right(found, kind)}")
    for name, way in {"as configured": found, **found["ways"]}.items():
        kept = f"{way['answerable_selected']} of {way['answerable']} answerable tasks"
        print(f"{name:24} {_right(way, 'selected')}; {kept}, {way['tokens_per_right_row']} tokens a right row")
    for name, estimate in found["evidence"].items():
        print(f"{name:24} {estimate['mean']:.2f} [{estimate['low']:.2f} to {estimate['high']:.2f}]")


def _right(found: dict[str, Any], kind: str) -> str:
    share = found["shares"][kind]
    interval = f"{share['mean']:6.1%} [{share['low']:.1%} to {share['high']:.1%}]"
    return f"{found[f'right_{kind}']:4} of {found[kind]:5} right: {interval}"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a GGUF file, or demo")
    parser.add_argument("--tasks", type=Path, action="append", metavar="FILE", help="a pack; may be repeated")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--most", type=int, default=0, metavar="N", help="tasks to take, in order of hash; 0: all")
    parser.add_argument("--half", choices=HALVES, help="figures of one half of the tasks")
    parser.add_argument("--answered", action="store_true", help="figures of the tasks that are answered already")
    parser.add_argument("--folder", type=Path, default=ROOT / "artifacts" / "selection_truth")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    values, others = command_line.split(sys.argv[1:] if words is None else words)
    arguments = parser.parse_args(others)
    command_line.set_values(values)
    tasks = open_tasks(arguments)
    answers = answered(tasks, arguments.most, arguments.answered)
    if arguments.half:
        answers = answers.of(task for task in answers.tasks if half(task) == arguments.half)
    found = measure(tasks, answers)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
