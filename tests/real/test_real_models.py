"""The engine and the line on real models: tokens, windows, loops, the judge, a server, and a small dataset."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from pipeline.engine import Choice, EngineSettings, LlamaEngine, Request, Sampling, ServerEngine, ServerSettings
from tests.support.completions_server import free_port, serving
from tests.support.projects import Project

pytestmark = [pytest.mark.real_model, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TEXTS = ["def f(x):\n    return x\n", "naïve café — 東京\n", "\t\t    deep\n", "<|endoftext|> </s> <eos>\n"]
GREEDY = Sampling(temperature=0)
SOURCE = '''
def clamp(value, low, high):
    """Return `value`, or the limit that it lies beyond."""
    return max(low, min(value, high))


def word_lengths(text):
    """Return the length of each word of `text`, in order."""
    return [len(word) for word in text.split()]


def moving_sums(numbers, size):
    """Return the sums of all runs of `size` neighbouring numbers."""
    return [sum(numbers[start : start + size]) for start in range(len(numbers) - size + 1)]


def invert(mapping):
    """Return a dictionary from the values of `mapping` to its keys."""
    return {value: key for key, value in mapping.items()}
'''


def open_engine(model: Path, **more: int) -> LlamaEngine:
    return LlamaEngine(EngineSettings(str(model), **{"n_ctx": 2048, "n_seq": 4, "n_threads": 1, **more}))


@pytest.mark.parametrize("name", ["gemma", "smollm"])
def test_a_real_vocabulary_counts_and_continues_any_text(name, request):
    model = request.getfixturevalue(name)
    with open_engine(model) as engine:
        counts = engine.token_counts(TEXTS)
        asked = [Request(str(n), "", text, 8, sampling=GREEDY) for n, text in enumerate(TEXTS)]
        done = {completion.id: completion for completion in engine.generate(asked)}
    assert all(0 < count <= len(text.encode()) + 1 for count, text in zip(counts, TEXTS, strict=True))
    for number, count in enumerate(counts):
        assert done[str(number)].reason in ("stop", "length")
        assert 0 <= done[str(number)].prompt_tokens - count <= 1  # the beginning-of-text token


def test_a_shared_context_changes_nothing_and_is_read_once(smollm):
    context = "## Example 1\n### Snippet\nx = 1\n\n" * 20
    with open_engine(smollm) as engine:
        shared = {
            c.id: c for c in engine.generate(Request(f"{n}", context, "y =\n", 12, sampling=GREEDY) for n in range(3))
        }
        (whole,) = engine.generate([Request("w", "", f"{context}y =\n", 12, sampling=GREEDY)])
    assert {completion.text for completion in shared.values()} == {whole.text}
    assert sum(c.computed_prompt_tokens for c in shared.values()) < 1.2 * whole.prompt_tokens


def test_a_window_that_is_too_short_is_refused_and_a_long_completion_fills_it(gemma):
    with open_engine(gemma, n_ctx=256) as engine:
        refused, long = sorted(
            engine.generate([Request("a", "", "word " * 300, 8), Request("b", "", "1, 2, 3, 4,\n", 240)]),
            key=lambda completion: completion.id,
        )
    assert refused.reason == "window"
    assert long.reason in ("stop", "length", "repetition")


def test_a_real_loop_is_ended_early(gemma):
    prompt = "The answer is the same as before. " * 12
    with open_engine(gemma) as engine:
        (done,) = engine.generate([Request("a", "", prompt, 1000, sampling=GREEDY)])
    assert done.reason == "repetition"
    assert done.new_tokens < 500


def test_a_server_judges_as_the_embedded_engine_does(smollm):
    prompt = "Question: is 2 even?\nAnswer: Yes\n\nQuestion: is 3 even?\nAnswer: No\n\nQuestion: is 8 even?\nAnswer:"
    choice = Choice("a", "", prompt, (" Yes", " No"))
    port = free_port()
    with open_engine(smollm) as engine, serving(smollm, port, "--logits_all", "true"):
        (embedded,) = engine.score([choice])
        with ServerEngine(ServerSettings(f"http://127.0.0.1:{port}/v1")) as server:
            (served,) = server.score([choice])
    assert served.logprobs == pytest.approx(embedded.logprobs, abs=0.05)


def test_the_script_of_make_real_dataset_runs_the_whole_line(gemma, tmp_path):
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / gemma.name).symlink_to(gemma)
    (folder / "code").mkdir()
    (folder / "code" / "few.py").write_text(SOURCE)
    binaries = Path(sys.executable).parent
    ran = subprocess.run(
        [ROOT / "scripts" / "real-dataset", binaries.name, folder,  # relative, as make names it
         "--seeds-sources", "code", "--responses-samples", "4", "--engine-n-threads", "1"],
        cwd=binaries.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
    )  # fmt: skip
    assert ran.returncode in (0, 30), ran.stdout
    assert "Gemma Terms of Use" in ran.stdout
    assert "exemplars: short, as the model has 268 million parameters" in ran.stdout
    project = Project.__new__(Project)
    project.root, project.artifacts = folder, folder / "artifacts"
    kept = {stage: len(project.records(stage)) for stage in ("concepts", "instructions", "responses")}
    assert kept["concepts"] >= 3, ran.stdout
    assert kept["instructions"] >= 2, ran.stdout
    assert kept["responses"] >= 2 * kept["instructions"], ran.stdout
    if ran.returncode == 0:
        lines = (folder / "artifacts" / "latest" / "train.jsonl").read_bytes().splitlines()
        rows = [orjson.loads(line) for line in lines]
        assert rows
        assert all(row["tests"] and row["model"]["sha256"].startswith("a5fd3b62") for row in rows)
