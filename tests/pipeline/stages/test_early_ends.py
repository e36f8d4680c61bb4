"""The stage of responses tells the engine when to end a completion, and names the reason."""

from __future__ import annotations

from pathlib import Path

from pipeline.engine import Completion
from pipeline.prompts.early_end import ResponseEnd
from pipeline.records import Rejection
from pipeline.stages.generation import Unit
from pipeline.stages.responses import Responses
from tests.support.pinned import PinnedProject, settings


def test_a_response_that_the_engine_ended_early_is_lost_under_the_rule_with_what_it_cost(tmp_path: Path) -> None:
    task = Responses(shard=0, project=PinnedProject(settings(project__artifacts=str(tmp_path)), tmp_path))
    unit = Unit("a-000", {"id": "a", "instruction": "Add two numbers."})
    [request] = task._requests([unit])
    assert request.early_end == ResponseEnd(task.parts)
    for text, reason, rule in (("Prose.", "late_code", "late_code"), ("1\n### Tests\n", "stop", "no_code_block")):
        outcome = task._outcome(unit, Completion("a-000", text, reason, new_tokens=64))
        assert isinstance(outcome.result, Rejection)
        assert outcome.result.rule == rule
        assert rule in task.rules
        assert outcome.spent["new_tokens"] == 64
    assert task.hint("late_code").startswith("raise [responses] max_tokens")
