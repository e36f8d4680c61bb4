"""Every seed of a project in which every kind of rule drops something: its fate can be told, and the funnel is
the sum of the fates."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections import Counter

import orjson
import pytest

from tests.support.projects import STAGES, exemplars_with_judge
from tests.support.scans import function

WORDS = "evens odds squares halves doubles firsts lasts heads tails sums"
CODE = '''def {name}(values):
    """Return the {name} of the values, {number} at most."""
    return [{letter} for {letter} in values if {letter} % {number} == 0]
'''
LYRICS = "first second third fourth fifth sixth seventh eighth ninth tenth"
MORE = {
    "viral": '# SPDX-License-Identifier: GPL-3.0-only\ndef viral(x):\n    """Add one."""\n    return x + 1\n',
    "mistyped": 'def mistyped(x: int) -> str:\n    """Double it."""\n    return x.nothing_like_it * 2\n',
    "undocumented": "def undocumented(x):\n    return x + 1\n",
    "broken": "def broken(:\n    ][\n",
    "same": CODE.format(name="evens", number=2, letter="e"),
    "alike": function("alike", LYRICS),
    "very_alike": function("alike", LYRICS + " last"),
    "long": 'def long(text):\n    """Say much."""\n'
    + "".join(f"    text += 'line {n} of a text that fills a window with {n * n}'\n" for n in range(140))
    + "    return text\n",
}  # fmt: skip
FATES = """
import sys, orjson
from pipeline.commands import open_project
from pipeline.operations.lineage import lineage
project = open_project()
told = {id: [[event["stage"], event["id"], event["fate"]] for event in lineage(project, id)]
        for id in orjson.loads(sys.stdin.read())}
print(orjson.dumps(told).decode())
"""


@pytest.fixture(scope="module")
def finished(shared_project):
    root = shared_project.root
    exemplars_with_judge(root / "set")
    (root / "code").mkdir()
    for number, word in enumerate(WORDS.split(), 2):
        content = CODE.format(name=word, number=number, letter=word[0])
        (root / "code" / f"{word}.py").write_text(content)
    for name, content in MORE.items():
        (root / "code" / f"{name}.py").write_text(content)
    (root / "packs").mkdir()
    task = {"task_id": 1, "text": "Words of its own.", "test_list": [],
            "code": CODE.format(name="squares", number=4, letter="s")}  # fmt: skip
    (root / "packs" / "planted.jsonl").write_bytes(orjson.dumps(task) + b"\n")
    run(shared_project, 0.0)
    opinions = [record["yes"] for record in shared_project.records("judgements").values()]
    run(shared_project, statistics.quantiles(opinions, n=4)[0])
    return shared_project


def run(project, threshold: float) -> None:
    project.configure(
        seeds={
            "sources": "code, python-stdlib",
            "stdlib_share": 0.05,
            "licences": "permissive, unknown",
            "near_duplicates": 0.75,
        },
        prompts={"exemplars": "set"},
        judgements={"threshold": threshold},
        responses={"samples": 2},
    )
    code, output = project.run()
    assert code == 0, output


@pytest.fixture(scope="module")
def fates(finished):
    """(stage, fate) of everything that was made of each seed, by the seed's id, and of each dropped definition."""
    asked = [*finished.records("seeds"), *(record["id"] for record in finished.rejected("seeds"))]
    ended = subprocess.run(
        [sys.executable, "-c", FATES],
        input=orjson.dumps(asked),
        cwd=finished.root,
        capture_output=True,
        check=True,
    )
    told = orjson.loads(ended.stdout)
    assert told.keys() == set(asked)
    return told


def test_every_seed_has_one_fate_and_no_part_of_it_is_lost(finished, fates):
    for seed in finished.records("seeds"):
        pending = {seed}
        for stage in ("judgements", *STAGES, "selection"):
            found = {id: fate for at, id, fate in fates[seed] if at == stage}
            if stage == "responses":
                pending = {f"{id}-{sample:03d}" for id in pending for sample in range(2)}
            assert found.keys() == pending, (seed, stage)
            pending = {id for id, fate in found.items() if fate == "kept"}
        assert len(pending) <= 1, seed


def test_the_funnel_is_the_sum_of_the_fates(finished, fates):
    events = {(stage, id, fate) for told in fates.values() for stage, id, fate in told}
    counted: dict[str, Counter[str]] = {}
    for stage, _, fate in events:
        counted.setdefault(stage, Counter())[fate.removeprefix("rejected by ")] += 1
    funnel = finished.manifest()["funnel"]
    del funnel["dataset"]
    for stage, counts in funnel.items():
        kept = counted[stage].pop("kept", 0)
        assert (kept, dict(counted[stage])) == (counts["kept"], counts["rules"]), stage


def test_all_kinds_of_rules_had_something_to_drop(finished):
    rules = {rule for counts in finished.manifest()["funnel"].values() for rule in counts["rules"]}
    assert rules >= {
        "licence_not_allowed", "type_error", "no_docstring", "syntax_error", "duplicate", "near_duplicate",
        "not_documented", "window", "not_passed", "not_chosen",
    }  # fmt: skip
