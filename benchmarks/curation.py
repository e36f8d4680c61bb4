"""What ratings and their curation tell of right answers: tasks with hidden tests, the model as rater.

    python benchmarks/curation.py MODEL [--tasks FILE ...] [--samples 8] [--most N] [--json]

MODEL is a GGUF file, or `demo`. The model answers each task with tests of its own through the pipeline's stages, and rates
what passes; the hidden tests, which nothing else sees, tell which answers are right. Out: by kind of evidence the chance
that a right passing answer has more of it than a wrong one (AUC; ties count half), with the interval of a bootstrap over
tasks; and how many of the first rows by each order are wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from benchmarks.selection_truth import answered
from pipeline import demo
from pipeline.commands import open_project
from pipeline.config import command_line
from pipeline.operations.calibration import EVIDENCE, Measures, evidence
from pipeline.operations.truth import Answers, HiddenTests, require_hidden_tests
from pipeline.packs.pack import load_pack
from pipeline.records import RATINGS
from pipeline.selection.curation import curated
from pipeline.selection.neighbours import features, nearest, rarity

ROOT = Path(__file__).resolve().parents[1]


def measure(answers: Answers) -> dict[str, Any]:
    """All figures, over the passing answers that were rated."""
    passing = [one for one in answers.candidates if one["verdict"]["passed"] and one.get("rating") is not None]
    ratings = np.array([one["rating"] for one in passing], np.int64)
    bags = [features(one["instruction"]["instruction"], one["response"]["code"]) for one in passing]
    found = nearest(bags, [one["instruction"]["id"] for one in passing])
    better, rare = curated(ratings, found, RATINGS), rarity(found)
    place = {one["id"]: number for number, one in enumerate(passing)}
    measures: Measures = {
        **EVIDENCE,
        "raw rating": lambda one: float(ratings[place[one["id"]]]),
        "curated rating": lambda one: float(better[place[one["id"]]]),
        "rarity": lambda one: float(rare[place[one["id"]]]),
    }
    part = Answers(
        answers.tasks, answers.completions, answers.new_tokens, answers.in_form, answers.passing, answers.right,
        tuple(passing),
    )  # fmt: skip
    wrong = np.array([one["id"] not in answers.right for one in passing])
    orders = {name: [measured(one) for one in passing] for name, measured in measures.items()}
    most = len(passing) // 2
    return {
        "rated": len(passing),
        "wrong": int(wrong.sum()),
        "ratings": np.bincount(ratings, minlength=RATINGS).tolist(),
        "curated": np.bincount(better, minlength=RATINGS).tolist(),
        "changed": int((ratings != better).sum()),
        "evidence": evidence(part, measures),
        "first": most,
        "wrong_among_the_first": {
            name: int(wrong[np.lexsort((rare, values))[::-1][:most]].sum()) for name, values in orders.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a GGUF file, or demo")
    parser.add_argument("--tasks", type=Path, action="append", metavar="FILE", help="a pack; may be repeated")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--most", type=int, default=0, metavar="N", help="tasks to take, in order of hash; 0: all")
    parser.add_argument("--folder", type=Path, default=ROOT / "artifacts" / "curation")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    values, others = command_line.split(sys.argv[1:])
    arguments = parser.parse_args(others)
    command_line.set_values(values)
    model = "" if arguments.model == "demo" else str(Path(arguments.model).resolve())
    project = open_project().variant(
        {
            ("model", "path"): model,
            ("model", "repo_id"): "",
            ("responses", "samples"): arguments.samples,
            ("ratings", "enabled"): True,
        }
    )
    packs = [load_pack(path) for path in arguments.tasks or [demo.PACK]]
    for pack in packs:
        require_hidden_tests(pack)
    name = "-".join([Path(arguments.model).stem, *(pack.name for pack in packs)])
    tasks = HiddenTests(project, arguments.folder / name, (task for pack in packs for task in pack.tasks))
    found = measure(answered(tasks, arguments.most, only_answered=False))
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    print(
        f"{found['rated']} rated answers, {found['wrong']} wrong; ratings {found['ratings']}, {found['changed']} changed"
    )
    for name, estimate in found["evidence"].items():
        print(f"{name:34} {estimate['mean']:.2f} [{estimate['low']:.2f} to {estimate['high']:.2f}]")
    for name, count in found["wrong_among_the_first"].items():
        print(f"{name:34} {count} of the first {found['first']} are wrong")


if __name__ == "__main__":
    main()
