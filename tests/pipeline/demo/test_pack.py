"""The demo pack: what ships is what the script writes, and the demo model has never seen it."""

from __future__ import annotations

import gzip
import random
from typing import Any

import pytest

from pipeline.demo import documents, pack
from pipeline.demo.world import Task, combination, held_out, make_task
from pipeline.demo.world.chains import BY_NAME, Step
from pipeline.demo.world.reading import read_instruction
from pipeline.packs.pack import load_pack
from pipeline.prompts.exemplars import load_set

EXEMPLARS = load_set(documents.EXEMPLARS)
DOCUMENTS = 500


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return pack.tasks()


@pytest.fixture(scope="module")
def corpus() -> tuple[str, list[Task]]:
    """The beginning of the corpus, and every task that it was made of."""
    drawn: list[Task] = []

    def recording(*arguments: Any, **options: Any) -> Task:
        drawn.append(make_task(*arguments, **options))
        return drawn[-1]

    rng = random.Random("1/0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "make_task", recording)
        text = "\n".join(documents.draw_document(rng) for _ in range(DOCUMENTS))
    return text, drawn


def combinations(rows: list[dict[str, Any]]) -> set[str]:
    return {row["task_id"].split()[1] for row in rows}


def test_the_file_is_what_the_script_writes() -> None:
    assert gzip.decompress(pack.PACK.read_bytes()).decode() == pack.content()


def test_it_is_read_as_a_pack_of_at_least_300_tasks_with_hidden_tests() -> None:
    loaded = load_pack(pack.PACK)
    assert (loaded.name, loaded.layout) == ("micro-world", "MBPP")
    assert len(loaded.tasks) >= 300
    assert all(task.tests.count("assert") >= 10 for task in loaded.tasks)
    assert all(task.entry_point in task.texts[0] for task in loaded.tasks)


def test_every_task_differs_and_its_solution_passes_its_tests(rows: list[dict[str, Any]]) -> None:
    assert len({row["text"] for row in rows}) == len(rows)
    for row in rows:
        exec("\n".join([row["code"], *row["test_list"]]), {})


def test_every_combination_is_held_out_of_the_corpus(rows: list[dict[str, Any]]) -> None:
    for name in combinations(rows):
        chain = tuple(Step(BY_NAME[op], BY_NAME[op].params[0]) for op in name.split(">"))
        assert held_out(chain), name


def test_the_corpus_holds_no_task_of_the_pack(rows: list[dict[str, Any]], corpus: tuple[str, list[Task]]) -> None:
    text, drawn = corpus
    assert len(drawn) > DOCUMENTS
    assert not combinations(rows) & {combination(task.chain) for task in drawn}
    assert [row["text"] for row in rows if row["text"] in text] == []


def test_no_exemplar_shows_a_task_of_the_pack(rows: list[dict[str, Any]]) -> None:
    shown = [read_instruction(item.instruction) for item in EXEMPLARS.exemplars]
    assert all(shown)
    assert not combinations(rows) & {combination(item.chain) for item in shown if item}
