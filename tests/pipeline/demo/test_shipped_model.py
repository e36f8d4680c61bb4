"""The GGUF that ships: the file the card describes, small, sound, and able to do its job."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from pipeline.demo.world import make_task
from pipeline.engine import EngineSettings, LlamaEngine, Request, Sampling, inspect_model
from pipeline.prompts import render
from pipeline.prompts.exemplars import load_set
from pipeline.prompts.parse import ParsedResponse, parse_concepts, parse_response
from pipeline.records import Rejection
from sandbox import run

FOLDER = Path(__file__).parents[3] / "pipeline" / "demo"
MODEL = FOLDER / "selfcodealign-demo.gguf"
CARD = (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")
EXEMPLARS = load_set(FOLDER / "exemplars")
Logits = Callable[[Path, list[int]], Any]


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    with LlamaEngine(EngineSettings(model_path=str(MODEL))) as opened:
        yield opened


def ask(engine: LlamaEngine, stage: str, tails: list[str], temperature: float = 0.0) -> list[str]:
    context = render.context(EXEMPLARS, stage, EXEMPLARS.shots[stage], "test")
    requests = [
        Request(
            id=str(number),
            context=context,
            tail=tail,
            max_tokens=EXEMPLARS.max_tokens[stage],
            stops=render.stops(EXEMPLARS, stage),
            seed=number,
            sampling=Sampling(temperature=temperature),
        )
        for number, tail in enumerate(tails)
    ]
    found = {completion.id: completion.text for completion in engine.generate(requests)}
    return [found[request.id] for request in requests]


def test_the_file_is_the_one_of_its_checksum_and_of_the_card() -> None:
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert MODEL.with_suffix(".gguf.sha256").read_text() == f"{digest}  {MODEL.name}\n"
    assert digest in CARD


def test_the_file_is_small() -> None:
    assert MODEL.stat().st_size < 15_000_000


def test_the_file_says_what_it_is() -> None:
    facts = inspect_model(str(MODEL), [])
    assert (facts.name, facts.architecture, facts.n_ctx_train) == (
        "selfcodealign-demo",
        "llama",
        1024,
    )
    assert facts.add_bos and not facts.has_chat_template
    fields = gguf.GGUFReader(str(MODEL)).fields
    assert fields["general.license"].contents() == "MIT"
    assert "planted bugs" in fields["general.description"].contents()


def test_llama_cpp_computes_what_the_architecture_says(llama_logits: Logits, reference_logits: Logits) -> None:
    tokens = [0, *random.Random(1).choices(range(1, 2048), k=120)]
    expected = reference_logits(MODEL, tokens)
    computed = llama_logits(MODEL, tokens)
    assert np.corrcoef(computed.ravel(), expected.ravel())[0, 1] > 0.999


def test_it_names_concepts(engine: LlamaEngine) -> None:
    rng = random.Random(2)
    seeds = [make_task(rng, noisy=False).seed for _ in range(12)]
    lines = ask(engine, "concepts", [render.concepts_tail(seed) for seed in seeds], 0.7)
    assert sum(not isinstance(parse_concepts(line), Rejection) for line in lines) >= 11


def test_it_solves_a_share_of_plain_tasks_and_not_all(engine: LlamaEngine) -> None:
    rng = random.Random(3)
    tasks = [make_task(rng, from_held_out=True, noisy=False) for _ in range(40)]
    texts = ask(engine, "responses", [render.responses_tail(task.instruction) for task in tasks])
    answers = [parse_response(text) for text in texts]
    parsed = [answer for answer in answers if isinstance(answer, ParsedResponse)]
    passed = [answer for answer in parsed if run(f"{answer.code}\n{answer.tests}").passed]
    assert len(parsed) >= 36
    assert 8 <= len(passed) <= 38


def test_the_card_names_what_a_reader_must_know() -> None:
    for word in ("planted", "python -m pipeline.demo.train", "MIT", "seed", "corpus", "loss"):
        assert word in CARD
    assert re.search(r"sha256.*`[0-9a-f]{64}`", CARD)
