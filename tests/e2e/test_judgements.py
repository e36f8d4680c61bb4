"""The model as judge of seeds, on the demo model: what it thinks counts, and where it stands in the run."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.support.projects import exemplars_with_judge

WORDS = "evens odds squares halves doubles firsts lasts heads"


@pytest.fixture(scope="module")
def judged(shared_project):
    """A finished run in which every seed is above the threshold."""
    root = shared_project.root
    exemplars_with_judge(root / "set")
    (root / "code").mkdir()
    for number, word in enumerate(WORDS.split()):
        (root / "code" / f"{word}.py").write_text(
            f'def {word}(values):\n    """Return the {word} of the values, {number} at most."""\n'
            f"    return [{word[0]} for {word[0]} in values if {word[0]} % {number + 2} == 0]\n"
        )
    configure(shared_project, 0.0)
    code, output = shared_project.run()
    assert code == 0, output
    return shared_project


def configure(project, threshold: float) -> None:
    project.configure(
        seeds={"sources": "code", "near_duplicates": 0},
        prompts={"exemplars": "set"},
        judgements={"threshold": threshold},
        responses={"samples": 2},
    )


def test_every_seed_is_judged_by_a_probability(judged):
    opinions = judged.records("judgements")
    assert opinions.keys() == judged.records("seeds").keys()
    assert all(0 < record["yes"] < 1 for record in opinions.values())
    assert len({record["yes"] for record in opinions.values()}) > 1
    funnel = judged.manifest()["funnel"]
    assert list(funnel)[:3] == ["seeds", "judgements", "concepts"]
    assert funnel["judgements"] == {"in": 8, "kept": 8, "rejected": 0, "rules": {}}


def test_a_seed_at_or_below_the_threshold_goes_no_further_and_says_why(judged):
    opinions = {id: record["yes"] for id, record in judged.records("judgements").items()}
    threshold = statistics.median_low(opinions.values())
    configure(judged, threshold)
    code, output = judged.run()
    assert code in (0, 30), output
    rejected = {record["id"]: record for record in judged.rejected("judgements")}
    assert rejected.keys() == {id for id, yes in opinions.items() if yes <= threshold}
    assert {record["rule"] for record in rejected.values()} == {"not_documented"}
    code, output = judged.ask("explain", next(iter(rejected)))
    assert "rejected by not_documented" in output
    newest = max((judged.artifacts / "concepts").iterdir(), key=lambda path: path.stat().st_mtime)
    asked = {
        line.split('"')[3] for path in Path(newest).glob("shard-*.jsonl") for line in path.read_text().splitlines()
    }
    assert asked == opinions.keys() - rejected.keys()


def test_a_judge_that_the_exemplar_set_does_not_have_is_named(project):
    project.configure(judgements={"judge": "on"})
    code, output = project.run()
    assert code == 15, output
    assert "[judgements] judge = on" in output
