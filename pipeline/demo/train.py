"""Makes the demo model from scratch: corpus, tokenizer, training, GGUF.

    python -m pipeline.demo.train --work build/demo

Every part leaves a file in the work folder and is skipped when that exists, and training resumes
from its last checkpoint: kill it and start it again. The schedule counts steps, never minutes, so
an interrupted run sees the same batches at the same rates. Equal versions on an equal CPU give
equal numbers; other CPUs round differently.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from pipeline.demo import corpus
from pipeline.demo.dimensions import Shape
from pipeline.demo.model import Llama
from pipeline.demo.optimizer import MatrixAndRest
from pipeline.demo.spare_threads import spare_threads
from pipeline.demo.tokenizer import train_tokenizer

VALIDATION_BATCHES = 6
TOKENIZER_DOCUMENTS = 6000


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that determines the model, besides the versions of the libraries."""

    documents: int = 30000
    corpus_seed: int = 1
    steps: int = 1500
    batch: int = 8
    warmup: int = 40
    decay_from: float = 0.4
    final_scale: float = 0.02
    matrix_rate: float = 0.02
    rest_rate: float = 4e-3
    seed: int = 0

    def scale(self, step: int) -> float:
        """The factor on the learning rates: up, flat, then linearly down."""
        done = step / self.steps
        warm = min(1.0, (step + 1) / self.warmup)
        return warm * min(1.0, max(self.final_scale, (1 - done) / (1 - self.decay_from)))


class Batches:
    """Windows of the corpus in an order that is a function of seed and step alone."""

    def __init__(self, tokens: np.ndarray, plan: Plan, context: int) -> None:
        self.tokens, self.plan, self.context = tokens, plan, context
        held = plan.batch * context * VALIDATION_BATCHES + 1
        self.windows = (len(tokens) - held - 1) // context - 1
        if self.windows < plan.batch:
            raise SystemExit(f"{len(tokens)} tokens are too few: raise --documents")

    def at(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets of a step, (batch, context) each."""
        per_epoch = self.windows // self.plan.batch
        epoch, place = divmod(step, per_epoch)
        rng = np.random.default_rng((self.plan.seed, epoch))
        order, offset = rng.permutation(self.windows), int(rng.integers(self.context))
        chosen = order[place * self.plan.batch : (place + 1) * self.plan.batch]
        return self._cut([int(w) * self.context + offset for w in chosen])

    def validation(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The last windows of the corpus, never trained on."""
        size = self.plan.batch * self.context
        first = len(self.tokens) - 1 - size * VALIDATION_BATCHES
        starts = range(first, len(self.tokens) - 1, self.context)
        windows = [starts[i : i + self.plan.batch] for i in range(0, len(starts), self.plan.batch)]
        return [self._cut(list(w)) for w in windows]

    def _cut(self, starts: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        rows = np.stack([self.tokens[s : s + self.context + 1] for s in starts]).astype(np.int64)
        window = torch.from_numpy(rows)
        return window[:, :-1], window[:, 1:]


def prepare(work: Path, plan: Plan, shape: Shape, workers: int) -> np.ndarray:
    """Tokenizer and tokens of the plan's corpus, from the work folder if they exist."""
    packed, tokenizer_path = work / "tokens.npy", work / "tokenizer.json"
    if not packed.exists():
        texts = corpus.documents(plan.documents, plan.corpus_seed, workers)
        tokenizer = train_tokenizer(texts[:TOKENIZER_DOCUMENTS], shape.vocabulary)
        tokenizer.save(str(tokenizer_path))
        tokens = corpus.pack(texts, tokenizer)
        facts = {"documents": len(texts), "characters": sum(map(len, texts)), "tokens": len(tokens)}
        (work / "corpus.json").write_text(json.dumps({**facts, "sha256": corpus.digest(texts)}))
        np.save(work / "partial.npy", tokens)
        os.replace(work / "partial.npy", packed)
    saved: np.ndarray = np.load(packed)
    return saved


def validate(model: Llama, batches: Batches) -> float:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        losses = [float(model.loss(x, y)) for x, y in batches.validation()]
    return sum(losses) / len(losses)


def save(path: Path, model: Llama, optimizer: MatrixAndRest, step: int, plan: Plan) -> None:
    """Write a checkpoint that training can resume from, atomically."""
    state = {
        "plan": asdict(plan),
        "shape": asdict(model.shape),
        "step": step,
        "model": model.state_dict(),
        "optimizer": optimizer.state(),
        "rng": torch.get_rng_state(),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def train(
    work: Path,
    plan: Plan,
    shape: Shape,
    tokens: np.ndarray,
    *,
    every: int,
    compiled: bool,
    spare: int = 0,
) -> Llama:
    """Train to the plan's last step, from the newest checkpoint; log to `log.jsonl`."""
    torch.manual_seed(plan.seed)
    model, path = Llama(shape), work / "checkpoint.pt"
    optimizer = MatrixAndRest(model, plan.matrix_rate, plan.rest_rate)
    batches, first = Batches(tokens, plan, shape.context), 0
    if path.exists():
        state = torch.load(path, weights_only=True)
        if state["plan"] != asdict(plan) or state["shape"] != asdict(shape):
            raise SystemExit(f"{path} belongs to another plan: use another --work folder or remove it")
        model.load_state_dict(state["model"])
        optimizer.restore(state["optimizer"])
        torch.set_rng_state(state["rng"])
        first = state["step"]
    loss_of = torch.compile(model.loss) if compiled else model.loss
    recent: list[float] = []
    since = time.monotonic()
    for step in range(first, plan.steps):
        if spare:
            torch.set_num_threads(spare_threads(spare))
        inputs, targets = batches.at(step)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(inputs, targets)
        loss.backward()
        optimizer.step(plan.scale(step))
        model.zero_grad(set_to_none=True)
        recent.append(loss.item())
        if (step + 1) % every == 0 or step + 1 == plan.steps:
            seconds, since = time.monotonic() - since, time.monotonic()
            line = {
                "step": step + 1,
                "tokens": (step + 1) * plan.batch * shape.context,
                "loss": round(sum(recent) / len(recent), 4),
                "tokens_per_second": round(len(recent) * plan.batch * shape.context / seconds),
            }
            if (step + 1) % (4 * every) == 0 or step + 1 == plan.steps:
                line["validation"] = round(validate(model, batches), 4)
            recent = []
            save(path, model, optimizer, step + 1, plan)
            with (work / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.demo.train",
        description="Train the demo model and write its GGUF files.",
    )
    for name, default in asdict(Plan()).items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            default=default,
            help=f"default {default}",
        )
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that is made")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the training")
    parser.add_argument(
        "--spare",
        type=int,
        default=0,
        help="up to so many threads, while cores are idle; not compiled",
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that generate the corpus")
    parser.add_argument("--every", type=int, default=50, help="steps between checkpoints")
    parser.add_argument("--no-compile", action="store_true", help="do without torch.compile")
    given = vars(parser.parse_args())
    plan = Plan(**{name: given[name] for name in asdict(Plan())})
    shape, work = Shape(), given["work"]
    work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given["threads"])
    tokens = prepare(work, plan, shape, given["workers"])
    print((work / "corpus.json").read_text(), flush=True)
    train(
        work,
        plan,
        shape,
        tokens,
        every=given["every"],
        compiled=not (given["no_compile"] or given["spare"]),
        spare=given["spare"],
    )
    from pipeline.demo.convert import convert_checkpoint

    for kind in ("F16", "Q8_0"):
        print(convert_checkpoint(work / "checkpoint.pt", work / "tokenizer.json", work, kind))


if __name__ == "__main__":
    main()
