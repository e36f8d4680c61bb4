"""`explain`: the life of anything that has an id, or a place in a source file."""

from __future__ import annotations

import orjson
import pytest

from pipeline import demo
from pipeline.engine import inspect_model


def explain(project, *arguments):
    code, output = project.ask("explain", *arguments, "--json")
    assert code == 0, output
    return orjson.loads(output)


@pytest.fixture(scope="module")
def rejections(demo_run):
    """One rejection of each rule, by (stage, rule)."""
    found = {}
    for path in sorted(demo_run.artifacts.glob("*/*/shard-*.rejected.jsonl")):
        for line in path.read_bytes().splitlines():
            record = orjson.loads(line)
            found.setdefault((path.parents[1].name, record["rule"]), record)
    return found


def test_a_row_is_explained_from_its_source_lines_to_the_choice_with_its_siblings(demo_run):
    row = demo_run.rows()[0]
    told = explain(demo_run, row["id"])
    events = {event["stage"]: event for event in told["events"]}
    assert row["seed"]["path"] == events["seeds"]["record"]["path"]
    assert events["seeds"]["record"]["code"] in events["concepts"]["prompt"]["tail"]
    assert row["instruction"] in events["responses"]["prompt"]["tail"]
    assert events["executions"]["record"]["status"] == "passed"
    assert events["selection"]["fate"] == "kept"
    assert len(told["siblings"]) == 3
    assert all(sibling["status"] and sibling["fate"] for sibling in told["siblings"])


def test_every_rejection_of_every_rule_can_be_explained(demo_run, rejections):
    for (stage, rule), record in rejections.items():
        told = explain(demo_run, record["id"])
        fates = {(event["stage"], event["fate"]) for event in told["events"]}
        assert (stage, f"rejected by {rule}") in fates, (stage, rule)


def test_a_rejected_completion_is_on_file_as_a_whole(demo_run):
    path = demo_run.root / "short"
    path.mkdir()
    short = type(demo_run)(path)
    short.configure(seeds={"stdlib_share": "0.02"}, concepts={"max_tokens": "2"})
    short.run()
    (record, *_) = [record for record in short.rejected("concepts") if record["rule"] == "length"]
    told = explain(short, record["id"])
    rejected = told["events"][-1]["record"]
    assert rejected["completion"] == record["completion"]
    assert rejected["completion"].strip()


def test_a_failing_verdict_is_shown_with_its_output(demo_run):
    failed = next(record for record in demo_run.records("executions").values() if record["status"] == "failed")
    code, output = demo_run.ask("explain", failed["id"])
    assert code == 0, output
    assert "Traceback" in output
    assert "rejected by not_passed" in output


def test_the_prompts_are_those_that_were_sent(demo_run):
    recorded = 0
    for path in (demo_run.artifacts / "instructions").glob("*/shard-*.meta.json"):
        recorded += orjson.loads(path.read_bytes())["spent"]["prompt_tokens"]
    texts = []
    for seed in demo_run.records("concepts"):
        events = {event["stage"]: event for event in explain(demo_run, seed)["events"]}
        prompt = events["instructions"]["prompt"]
        texts += [prompt["context"], prompt["tail"]]
    facts = inspect_model(str(demo.MODEL), texts)
    assert recorded == sum(facts.token_counts) + facts.add_bos * len(texts) // 2


def test_a_place_in_a_source_file_leads_to_its_seed(demo_run):
    seed = demo_run.rows()[0]["seed"]
    told = explain(demo_run, f"{seed['path']}:{seed['lines'][0]}")
    assert told["events"][0]["id"] == seed["id"]
