"""Training documents: their form, and that a seed determines them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipeline import demo
from pipeline.demo import corpus, documents
from pipeline.demo.world import held_out
from pipeline.demo.world.reading import read_instruction
from pipeline.prompts import render
from pipeline.prompts.exemplars import load_set
from pipeline.prompts.parse import ParsedResponse, parse_concepts, parse_instruction, parse_response

EXEMPLARS = load_set(demo.EXEMPLARS)
FIRST_DOCUMENTS = "894d17822911ab9399f869ecab74157faa5cacc86292f54778cef65cccda7ea5"
STAGES = ("concepts", "instructions", "responses")
LAST_HEADER = {
    "concepts": "### Concepts\n",
    "instructions": "### Instruction\n",
    "responses": "### Response\n",
}


def split_example(stage: str, text: str) -> tuple[str, str]:
    """The tail that a prompt would have, and the completion."""
    at = text.index(LAST_HEADER[stage]) + len(LAST_HEADER[stage])
    return text[:at], text[at:]


def test_the_corpus_of_a_seed_never_changes() -> None:
    assert corpus.digest(corpus.documents(500, seed=1, workers=1)) == FIRST_DOCUMENTS


def test_the_number_of_processes_does_not_change_the_corpus() -> None:
    one = corpus.documents(1000, seed=2, workers=1)
    assert one == corpus.documents(1000, seed=2, workers=2)


def test_another_seed_gives_another_corpus() -> None:
    assert corpus.chunk(0, seed=1) != corpus.chunk(0, seed=2)


@pytest.mark.parametrize("stage", STAGES)
def test_a_document_begins_as_the_prompt_of_its_stage(stage: str) -> None:
    rng = random.Random(stage)
    examples = [documents.WRITERS[stage](rng) for _ in range(3)]
    whole = render.document(documents.intro(stage), examples)
    tail, completion = split_example(stage, examples[2])
    prompt = render.document(documents.intro(stage), examples[:2]) + tail
    assert whole.startswith(prompt + completion)
    assert prompt.endswith(LAST_HEADER[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_completions_of_documents_are_accepted_by_the_pipeline(stage: str) -> None:
    parse = {
        "concepts": parse_concepts,
        "instructions": parse_instruction,
        "responses": parse_response,
    }[stage]
    rng = random.Random(stage)
    for _ in range(100):
        tail, completion = split_example(stage, documents.WRITERS[stage](rng))
        assert tail.startswith("### ")
        assert isinstance(parse(completion), list | str | ParsedResponse)


def test_stops_end_an_example_and_nothing_before() -> None:
    rng = random.Random(4)
    for stage in STAGES:
        for _ in range(100):
            _, completion = split_example(stage, documents.WRITERS[stage](rng))
            inside = completion.rstrip("\n")
            assert not any(stop in inside for stop in render.stops(EXEMPLARS, stage))


def test_documents_have_no_trailing_spaces_and_no_double_blank_lines() -> None:
    for text in corpus.chunk(3, seed=1)[:200]:
        assert "\n\n\n" not in text or "## Example" not in text
        assert all(line == line.rstrip() for line in text.splitlines())
        assert text.endswith("\n")


def test_documents_do_not_end_in_the_header_of_a_missing_example() -> None:
    for text in corpus.chunk(4, seed=1)[:100]:
        assert "## Example" not in text.rstrip("\n").splitlines()[-1]


def test_no_document_holds_a_held_out_task() -> None:
    read = 0
    for text in corpus.chunk(5, seed=1):
        for line in text.splitlines():
            reading = read_instruction(line) if "`" in line else None
            if reading is not None:
                read += 1
                assert not held_out(reading.chain), line
    assert read > 500


def test_the_card_states_the_hash_of_the_corpus_that_was_trained_on() -> None:
    card = (Path(documents.__file__).parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "459b06fe2bf44964a1e4f7543939b8351010e5a31e2fc9a0933a253ce6749824" in card
