"""Failed attempts that a real base model repairs: the stages from the executions on, over responses written here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline import joined
from pipeline.project.project import Project
from pipeline.stages.executions import Executions
from pipeline.stages.repairs import Repairs
from pipeline.stages.reruns import Reruns
from pipeline.stages.verifications import Verifications
from targets import ShardPaths, ShardWriter
from tests.support.pinned import settings

pytestmark = [pytest.mark.real_model, pytest.mark.slow]

# An instruction, the code of a failed attempt, its tests.
FAILED = [
    (
        "Write a function `add_one(number)` that returns the number plus one. For example, `add_one(2)` returns `3`.",
        "def add_one(number):\n    return number + 2\n",
        "assert add_one(2) == 3\nassert add_one(-1) == 0",
    ),
    (
        "Write a function `first(items)` that returns the first item of a list, and None for an empty list. "
        "For example, `first([4, 5])` returns `4`.",
        "def first(items):\n    return items[0]\n",
        "assert first([4, 5]) == 4\nassert first([]) is None\nassert first(['a']) == 'a'",
    ),
    (
        "Write a function `shout(text)` that returns the text in upper case with an exclamation mark behind it. "
        'For example, `shout("hey")` returns `"HEY!"`.',
        "def shout(text):\n    return text.upper()\n",
        "assert shout('hey') == 'HEY!'\nassert shout('') == '!'",
    ),
    (
        "Write a function `total(numbers)` that returns the sum of a list of numbers. For example, `total([1, 2])` "
        "returns `3`.",
        "def total(numbers):\n    return summ(numbers)\n",
        "assert total([1, 2]) == 3\nassert total([]) == 0",
    ),
]


@pytest.fixture
def project(gemma: Path, tmp_path: Path) -> Project:
    """A project whose shard of responses is written here: of each instruction one that fails."""
    chosen = settings(
        model__path=str(gemma), prompts__exemplars="short", judgements__judge="off", responses__samples=1,
        repairs__samples=1, repairs__max_tokens=80, repairs__temperature=0.2, engine__n_threads=1, engine__n_ctx=2048,
        engine__n_seq=4, executions__workers=1,
    )  # fmt: skip
    project = Project(chosen, tmp_path)
    responses = Executions(shard=0, project=project).before
    records = [_records(number, *failed) for number, failed in enumerate(FAILED)]
    for recipe, written in zip((responses.before.recipe, responses.recipe), zip(*records, strict=True), strict=True):
        with ShardWriter(ShardPaths(recipe.write(project.artifacts), 0)) as writer:
            for record in written:
                writer.keep(record["id"], record)
            writer.publish()
    return project


def _records(number: int, instruction: str, code: str, tests: str) -> tuple[dict[str, Any], dict[str, Any]]:
    id, text = f"{number:016x}", f"A short function.\n\n```python\n{code}```"
    response = {"instruction_id": id, "sample": 0, "response": text, "code": code, "tests": tests}
    return {"id": id, "instruction": instruction, "concepts": []}, {"id": f"{id}-000", **response}


def test_every_attempt_that_a_real_base_model_gets_is_repaired_or_lost_by_a_rule(project: Project) -> None:
    for stage in (Executions, Repairs, Reruns, Verifications):
        stage(shard=0, project=project).run()
    repairs, reruns = (stage(shard=0, project=project).paths for stage in (Repairs, Reruns))
    meta = repairs.read_meta()
    assert meta["kept"] + meta["rejected"] == len(FAILED)
    assert meta["spent"]["completions"] == len(FAILED)
    repaired = {record["id"]: record for record in repairs.read()}
    verdicts = {record["id"]: record for record in reruns.read()}
    assert verdicts.keys() == repaired.keys()
    artifacts = Verifications(shard=0, project=project).artifacts
    for response in joined.read(artifacts, "responses", 0):
        if response["id"] in repaired:
            assert response["code"] == repaired[response["id"]]["code"] != FAILED[int(response["id"][:16], 16)][1]
            assert response["tests"] == FAILED[int(response["id"][:16], 16)][2]
    assert meta["rules"].keys() <= Repairs.rules.keys()
