"""Greedy output of the batched engine against llama-cpp-python's own loop, on the demo model.

In a batch llama.cpp may sum in another order, so the last place of a logit can differ. Two texts
may diverge only where the two best next tokens are almost equally likely.
"""

from __future__ import annotations

from pathlib import Path

import llama_cpp
import numpy as np

from pipeline.engine import EngineSettings, LlamaEngine, Request, Sampling
from pipeline.prompts import render
from pipeline.prompts.exemplars import load_set

DEMO = Path(__file__).resolve().parents[3] / "pipeline" / "demo"
MODEL = DEMO / "selfcodealign-demo.gguf"
NEAR_TIE = 0.02  # logits


def demo_requests(n: int) -> list[Request]:
    """Prompts of all three stages in the demo model's own form, over 48 contexts."""
    exemplars = load_set(DEMO / "exemplars")
    requests = []
    for key in range(n):
        exemplar = exemplars.exemplars[key % len(exemplars.exemplars)]
        stage, tail = [
            ("concepts", render.concepts_tail(exemplar.snippet)),
            ("responses", render.responses_tail(exemplar.instruction)),
            (
                "instructions",
                render.instructions_tail(exemplar.category, "Python", exemplar.difficulty, exemplar.concepts),
            ),
        ][key % 3]
        context = render.context(exemplars, stage, 2, str(key % 16))
        stops = render.stops(exemplars, stage)
        requests.append(Request(str(key), context, tail, 64, stops, sampling=Sampling(0)))
    return requests


def differences(model: Path, requests: list[Request]) -> dict[str, float]:
    """The requests whose greedy texts differ, with the gap between the two best next tokens."""
    settings = EngineSettings(str(model), n_ctx=1024, n_seq=16, n_threads=1)
    with LlamaEngine(settings) as engine:
        ours = {c.id: c for c in engine.generate(requests)}
    llm = llama_cpp.Llama(str(model), n_ctx=1024, n_threads=1, n_threads_batch=1, verbose=False)
    gaps = {}
    for request in requests:
        prompt, mine = request.context + request.tail, ours[request.id]
        reference = llm.create_completion(
            prompt, max_tokens=request.max_tokens, temperature=0, stop=list(request.stops)
        )["choices"][0]
        if mine.text != reference["text"]:
            gaps[request.id] = gap_at_divergence(llm, prompt, mine.text, reference["text"])
        else:
            assert mine.reason == reference["finish_reason"]
    return gaps


def gap_at_divergence(llm: llama_cpp.Llama, prompt: str, ours: str, theirs: str) -> float:
    start = llm.tokenize(prompt.encode())
    one, other = (llm.tokenize(text.encode(), add_bos=False) for text in (ours, theirs))
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    gaps = []
    for end in range(max(0, same - 2), same + 1):  # the model may have tokenized the text differently
        llm.reset()
        llm.eval(start + other[:end])
        logits = np.ctypeslib.as_array(llm._ctx.get_logits_ith(-1), (llm.n_vocab(),))
        second, best = np.sort(logits)[-2:]
        gaps.append(float(best - second))
    return min(gaps)


def test_greedy_output_is_that_of_the_high_level_loop_but_at_near_ties():
    gaps = differences(MODEL, demo_requests(200))
    print("differences:", gaps)
    # Which sequences share a step depends on when requests arrive: 1 to 4 texts of 200 met a near-tie in eight runs.
    assert len(gaps) <= 8
    assert all(gap < NEAR_TIE for gap in gaps.values())
