"""Training from nothing: it learns, it resumes, and its F16 file computes what PyTorch does.

Needs the extra `train`; `make test` installs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: pip install -e '.[train]'")

import numpy as np  # noqa: E402

from pipeline.demo import train as training  # noqa: E402
from pipeline.demo.dimensions import Shape  # noqa: E402
from pipeline.demo.model import Llama  # noqa: E402
from pipeline.demo.optimizer import orthogonalise  # noqa: E402

ROOT = Path(__file__).parents[3]
TINY = Shape(vocabulary=512, width=64, layers=2, heads=2, kv_heads=1, feed_forward=96, context=64)
PLAN = training.Plan(documents=60, steps=20, batch=2, warmup=4)
Logits = Callable[[Path, list[int]], Any]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return training.prepare(tmp_path_factory.mktemp("corpus"), PLAN, TINY, workers=1)


def run(work: Path, tokens: Any, plan: training.Plan = PLAN) -> Llama:
    work.mkdir(exist_ok=True)
    return training.train(work, plan, TINY, tokens, every=5, compiled=False)


def test_twenty_steps_lower_the_loss(tmp_path: Path, tokens: Any) -> None:
    run(tmp_path / "a", tokens)
    lines = [json.loads(line) for line in (tmp_path / "a" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20]
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.5


def test_training_goes_on_from_its_checkpoint_as_if_never_stopped(
    tmp_path: Path, tokens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(tmp_path / "whole", tokens)
    real = training.Batches.at

    def dies(self: training.Batches, step: int) -> Any:
        if step == 13:
            raise KeyboardInterrupt
        return real(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(training.Batches, "at", dies)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "parts", tokens)
    resumed = run(tmp_path / "parts", tokens)
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path, tokens: Any) -> None:
    run(tmp_path / "a", tokens)
    with pytest.raises(SystemExit, match="another plan"):
        run(tmp_path / "a", tokens, training.Plan(documents=60, steps=21, batch=2))


def test_the_rate_rises_stays_and_falls() -> None:
    plan = training.Plan(steps=100, warmup=10, decay_from=0.5, final_scale=0.02)
    scales = [plan.scale(step) for step in range(100)]
    assert scales[0] == 0.1 and scales[20] == scales[49] == 1.0
    assert scales[60] > scales[80] > scales[99] == pytest.approx(0.02)


def test_validation_windows_are_never_trained_on(tokens: Any) -> None:
    batches = training.Batches(tokens, PLAN, TINY.context)
    held = sum(inputs.numel() for inputs, _ in batches.validation())
    assert held == PLAN.batch * TINY.context * training.VALIDATION_BATCHES
    last_trained = (batches.windows - 1) * TINY.context + TINY.context - 1 + TINY.context + 1
    assert last_trained <= len(tokens) - 1 - held


def test_updates_are_nearly_orthogonal() -> None:
    torch.manual_seed(0)
    update = orthogonalise(torch.randn(3, 32, 64))
    singular = torch.linalg.svdvals(update)
    assert singular.min() > 0.5 and singular.max() < 1.5


def test_the_command_trains_and_its_f16_file_computes_what_pytorch_does(tmp_path: Path, llama_logits: Logits) -> None:
    options = [
        "--steps",
        "6",
        "--batch",
        "1",
        "--documents",
        "150",
        "--workers",
        "1",
        "--no-compile",
        "--every",
        "3",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.demo.train", "--work", str(tmp_path), *options],
        cwd=ROOT,
        # Beside other work several threads wait for each other at every operation.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    model = Llama(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    prompt = np.load(tmp_path / "tokens.npy")[:200].astype(int).tolist()
    with torch.no_grad():
        expected = model(torch.tensor([prompt]))[0].numpy()
    computed = llama_logits(tmp_path / "selfcodealign-demo-f16.gguf", prompt)
    assert np.abs(computed - expected).max() < 0.05
    assert (computed.argmax(-1) == expected.argmax(-1)).mean() > 0.98
