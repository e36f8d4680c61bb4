"""A candidate is a response with all that the stages have on it."""

from __future__ import annotations

import pytest

from pipeline.selection.candidates import read_joined
from targets import Artifacts, Recipe, ShardWriter

STAGES = ("seeds", "instructions", "responses", "executions", "verifications", "decontamination")
RECIPE = None
for stage in STAGES:
    RECIPE = Recipe(stage, {}, RECIPE)


@pytest.fixture
def artifacts(tmp_path):
    """A seed with four responses: 0 and 2 agree, 1 did not pass, 3 is not verified; 2 is in a benchmark."""
    artifacts = Artifacts(tmp_path, RECIPE)
    ids = [f"a-{sample:03d}" for sample in range(4)]
    records = {
        "seeds": [{"id": "a", "name": "f"}],
        "instructions": [{"id": "a", "instruction": "Do it."}],
        "responses": [{"id": id, "instruction_id": "a"} for id in ids],
        "executions": [{"id": id, "passed": id != "a-001"} for id in ids],
        "verifications": [
            {"id": "a-000", "agrees": ["a-002"], "supports": ["a-002"], "asked": 1},
            {"id": "a-001", "agrees": [], "supports": [], "asked": 0},
            {"id": "a-002", "agrees": ["a-000"], "supports": ["a-000"], "asked": 1},
        ],
        "decontamination": [{"id": "a-000"}, {"id": "a-001"}, {"id": "a-003"}],
    }
    for stage, kept in records.items():
        with ShardWriter(artifacts.shard(stage, 5)) as writer:
            for record in kept:
                writer.keep(record["id"], record)
            writer.publish()
    return artifacts


def test_a_candidate_is_verified_and_in_no_benchmark(artifacts):
    assert [candidate["id"] for candidate in read_joined(artifacts, 5)] == ["a-000", "a-001"]


def test_a_candidate_holds_the_records_that_belong_to_it(artifacts):
    passing, failing = read_joined(artifacts, 5)
    assert passing == {
        "id": "a-000",
        "response": {"id": "a-000", "instruction_id": "a"},
        "verdict": {"id": "a-000", "passed": True},
        "instruction": {"id": "a", "instruction": "Do it."},
        "seed": {"id": "a", "name": "f"},
        "partner": None,
        "samples": {"n": 4, "passed": 3},
        "verification": {
            "id": "a-000",
            "agrees": ["a-002"],
            "supports": ["a-002"],
            "asked": 1,
            "agreement": 0.5,
        },
    }
    assert failing["verification"]["agreement"] == 0.0
