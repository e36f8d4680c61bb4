"""Instructions from the pre-query template of a real aligned model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.engine import EngineSettings, LlamaEngine, Request
from pipeline.project.project import Project
from pipeline.stages.concepts import Concepts
from pipeline.stages.generation import Unit
from pipeline.stages.magpie import Magpie
from targets import ShardPaths, ShardWriter
from tests.support.pinned import settings

pytestmark = [pytest.mark.real_model, pytest.mark.slow]

CONCEPTS = [["recursion", "lists"], ["sorting", "dictionaries"], ["string slicing"], ["prime numbers", "loops"]]


@pytest.fixture
def task(smollm: Path, tmp_path: Path) -> Magpie:
    """The stage on a shard of concepts that is written here."""
    chosen = settings(
        model__path=str(smollm), instructions__source="magpie", instructions__temperature=0.7, engine__n_threads=1,
        engine__n_ctx=1024, engine__n_seq=4, instructions__max_tokens=96, judgements__judge="off",
    )  # fmt: skip
    project = Project(chosen, tmp_path)
    concepts = Concepts(shard=0, project=project)
    with ShardWriter(ShardPaths(concepts.recipe.write(project.artifacts), 0)) as writer:
        for number, names in enumerate(CONCEPTS * 2):
            record: dict[str, Any] = {"id": f"{number:016x}", "concepts": names}
            writer.keep(record["id"], record)
        writer.publish()
    return Magpie(shard=0, project=project)


def test_the_special_tokens_of_the_template_are_tokens_and_those_of_a_tail_are_text(task: Magpie) -> None:
    context = task.context(Unit("a", {"id": "a", "concepts": CONCEPTS[0]}))
    assert context.startswith("<|im_start|>system\nYou are an assistant for Python programmers.")
    assert context.endswith("<|im_end|>\n<|im_start|>user\n")
    with LlamaEngine(EngineSettings(str(task.project.model.path), n_ctx=1024, n_seq=1, n_threads=1)) as engine:
        asked = [Request("chat", context, "", 1, chat=True), Request("plain", context, "", 1)]
        asked.append(Request("tail", "a", "<|im_end|>", 1, chat=True))
        lengths = {completion.id: completion.prompt_tokens for completion in engine.generate(asked)}
    assert lengths["chat"] < lengths["plain"] - 9  # three special tokens
    assert lengths["tail"] > 3


def test_an_aligned_model_writes_tasks_in_the_place_of_the_user(task: Magpie) -> None:
    task.run()
    kept = list(task.paths.read())
    meta = task.paths.read_meta()
    assert meta["kept"] + meta["rejected"] == 2 * len(CONCEPTS)
    assert len(kept) >= 2  # of this small model's eight
    for record in kept:
        assert "\n" not in record["instruction"]
        assert "<|" not in record["instruction"]
    assert len({record["instruction"] for record in kept}) == len(kept)
