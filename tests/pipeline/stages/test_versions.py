"""A stage's version cannot be forgotten: the sources that determine its bytes do not change unnoticed."""

from __future__ import annotations

import pytest

from tests.support import stage_sources
from tests.support.stage_sources import code_of, current_versions, reached_from, recorded_versions

RECORD = "python -m tests.support.stage_sources"


@pytest.mark.parametrize("stage", sorted(recorded_versions()))
def test_the_sources_of_a_stage_are_those_of_its_version(stage):
    recorded, current = recorded_versions()[stage], current_versions().get(stage)
    if current == recorded:
        return
    assert current is not None, f"the stage {stage} is gone; `{RECORD}` records that"
    if current["version"] == recorded["version"]:
        pytest.fail(
            f"the sources that determine the bytes of {stage} have changed, and its version is still "
            f"{recorded['version']}. If the stage would now write something else from the same input, raise "
            f"`version` on its class (for seeds RULES_VERSION or VERSION, for the sandbox PROTOCOL): without "
            f"that, old artifacts pass for new ones. If not, leave it. Then `{RECORD}`, and commit both."
        )
    pytest.fail(f"{stage} has a new version: `{RECORD}` records it with its sources")


def test_every_stage_is_recorded():
    assert current_versions().keys() == recorded_versions().keys()


def test_the_sources_of_a_stage_are_what_it_writes_with_and_not_how_it_runs():
    verifications = reached_from(["pipeline.stages.verifications"])
    assert {
        "pipeline.verification.mutants",
        "pipeline.verification.inside.harness",
    } <= verifications
    assert "pipeline.stages.executions" not in verifications
    assert not any(name.startswith(("pipeline.run", "targets")) for name in verifications)
    assert "pipeline.prompts.parse" in reached_from(["pipeline.stages.responses"])


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("x = 1\n", "x = 1  # why\n", True),
        ('def f():\n    """Old."""\n    return 1\n', 'def f():\n    """New.\n\n    More.\n    """\n    return 1\n', True),
        ("f(a, b)\n", "f(\n    a,\n    b,\n)\n", True),
        ("x = 1\n", "x = 2\n", False),
        ("x = '# 1'\n", "x = '# 2'\n", False),
    ],
)  # fmt: skip
def test_comments_docstrings_and_layout_change_no_digest_and_code_does(before, after, same):
    assert (code_of(before) == code_of(after)) is same


def test_a_changed_source_is_noticed(monkeypatch):
    stage = "concepts"
    monkeypatch.setattr(stage_sources, "module_code", lambda name: f"{name} changed")
    assert current_versions()[stage]["sources"] != recorded_versions()[stage]["sources"]
