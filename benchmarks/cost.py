"""What a selected row and a right row cost in tokens, by the number of samples: fixed ones against those of a range.

    python benchmarks/cost.py MODEL [--samples N|N..M ...] [--tasks FILE ...] [--most N] [--json]

MODEL is a GGUF file, or `demo`. Benchmark tasks stand in the place of instructions, as in selection_truth.py: the model
answers them with tests of its own, the stages of a run judge the answers, and the tasks' own tests, which nothing else
sees, tell which rows are right. All settings get the same tasks; keys of luigi.cfg are options too. Everything lies in
--folder, shard by shard: an interrupted run goes on. With --json: `settings`, a list of `samples`, `tasks`, `completions`,
`new_tokens`, `selected`, `right_selected`, `tokens_per_row` and `tokens_per_right_row`.
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

from benchmarks.selection_truth import answered, open_tasks
from pipeline.config import command_line
from pipeline.config.sections import responses
from pipeline.operations.calibration import figures, selected

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ("4", "10", "2..10")  # the pipeline's default, the paper's, and the range that is compared with it


def measure(arguments: argparse.Namespace, samples: str) -> dict[str, Any]:
    """The cost under one number or range of samples."""
    parse = dict(responses.get_params())["samples"].parse
    tasks = open_tasks(argparse.Namespace(**{**vars(arguments), "samples": parse(samples)}))
    answers = answered(tasks, arguments.most, only_answered=False)
    rows = selected(answers, tasks.places(), tasks.project)
    found = figures(answers, rows)
    right = found["right_selected"]
    return {
        "samples": samples,
        **{key: found[key] for key in ("tasks", "completions", "selected", "right_selected")},
        "new_tokens": answers.new_tokens,
        "tokens_per_row": round(answers.new_tokens / len(rows)) if rows else None,
        "tokens_per_right_row": round(answers.new_tokens / right) if right else None,
    }


def show(found: Sequence[dict[str, Any]]) -> None:
    """The figures as a Markdown table."""
    print("| samples | completions | tokens | rows | right rows | tokens a row | tokens a right row |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for one in found:
        counts = ("completions", "new_tokens", "selected", "right_selected", "tokens_per_row", "tokens_per_right_row")
        print(
            f"| {one['samples']} | " + " | ".join("" if one[key] is None else f"{one[key]:,}" for key in counts) + " |"
        )


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a GGUF file, or demo")
    parser.add_argument("--samples", nargs="+", default=SAMPLES, metavar="N")
    parser.add_argument("--tasks", type=Path, action="append", metavar="FILE", help="a pack; may be repeated")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="tasks to take, in order of hash; 0: all")
    parser.add_argument("--folder", type=Path, default=ROOT / "artifacts" / "cost")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    values, others = command_line.split(sys.argv[1:] if words is None else words)
    arguments = parser.parse_args(others)
    command_line.set_values(values)
    found = [measure(arguments, samples) for samples in arguments.samples]
    if arguments.json:
        print(json.dumps({"settings": found}, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
