"""Fine-tuning: `luigi --module pipeline FineTunedModel` tunes the base model on the rows of the selection.

In: the selection in force (the rows of the dataset) and `[finetuning]`. Out: `artifacts/finetuning/<recipe>/`
with `model/` (safetensors and tokenizer, as transformers reads them) and, last of all, `model.gguf`, which
our engine runs. PyTorch, transformers, TRL and PEFT do the work in a process of its own (train.py) that leaves
checkpoints in `work/`: killed, it goes on from the last one. Needs the extra `train`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import ConfigError, MachineError, MissingDataError
from pipeline.loop.gguf_file import write_gguf
from pipeline.project import session
from pipeline.prompts import tuned
from pipeline.prompts.render import response_with_tests
from pipeline.run.subprocesses import run_child
from pipeline.stages import selection
from pipeline.stages.base import PipelineTask
from pipeline.stages.selection import Selected
from targets import Recipe, ShardPaths, publish
from targets.atomic import json_bytes, jsonl_lines

STAGE = "finetuning"
VERSION = 2
# What a model of four million parameters needs instead of the paper's rate, made for billions.
DEMO_LEARNING_RATE, PAPER_LEARNING_RATE = 1e-3, 1e-5


def plan() -> dict[str, Any]:
    """All that determines the tuned weights, next to model, rows and prompt."""
    run = session.current()
    section = run.settings.finetuning
    if section.batch % section.micro_batch:
        raise ConfigError(
            f"[finetuning] batch = {section.batch} is no multiple of micro_batch = {section.micro_batch}",
            "make it one",
        )
    automatic = DEMO_LEARNING_RATE if run.model.is_demo else PAPER_LEARNING_RATE
    return {
        "learning_rate": section.learning_rate or automatic,
        "optimizer": section.optimizer,
        "epochs": section.epochs,
        "batch": section.batch,
        "warmup": section.warmup,
        "max_length": section.max_length,
        "lora_rank": section.lora_rank,
        "seed": section.seed,
    }


class FineTunedModel(PipelineTask):
    """The base model, tuned on the rows that are selected now.

    Its recipe names the rows by their content: another way to the same rows is no other model.
    """

    def requires(self) -> luigi.Task:
        return Selected()

    @property
    def recipe(self) -> Recipe:
        run = session.current()
        ingredients = {
            "version": VERSION,
            "model": run.model.provenance,
            "weights": run.settings.finetuning.model,
            "rows": hashlib.sha256(b"".join(jsonl_lines(chosen_rows()))).hexdigest(),
            "plan": plan(),
        }
        return Recipe(STAGE, ingredients)

    @property
    def folder(self) -> Path:
        return self.recipe.folder(session.current().artifacts)

    @property
    def gguf(self) -> Path:
        return self.folder / "model.gguf"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.gguf))

    def is_made(self) -> bool:
        return Selected().complete() and super().is_made()

    def run(self) -> None:
        require_libraries()
        run, folder = session.current(), self.recipe.write(session.current().artifacts)
        rows, base = chosen_rows(), run.model.require_file()
        publish(folder / "rows.jsonl", jsonl_lines(rows))
        section = run.settings.finetuning
        job = {
            "model": section.model or str(base),
            "rows": str(folder / "rows.jsonl"),
            "work": str(folder / "work"),
            "out": str(folder / "model"),
            "threads": section.threads or run.settings.engine.n_threads,
            "plan": {
                **plan(),
                "micro_batch": section.micro_batch,
                "checkpoint_every": section.checkpoint_every,
            },
        }
        publish(folder / "job.json", [json_bytes(job)])
        run.reporter.say(f"finetuning: {len(rows)} rows, {folder}")
        run_child(
            "fine-tuning",
            ["-m", "pipeline.loop.train", str(folder / "job.json")],
            folder / "train.log",
        )
        write_gguf(folder / "model", base, self.gguf)
        shutil.rmtree(folder / "work")
        run.reporter.say(f"finetuning: {self.gguf}")


def chosen_rows() -> tuple[dict[str, str], ...]:
    """Prompts and completions, with tests if asked for, of `[finetuning] rows` rows of the selection (0: of all)."""
    run = session.current()
    section = run.settings.finetuning
    selected = ShardPaths(selection.recipe().folder(run.artifacts), 0)
    return _chosen_rows(selected, section.rows, section.seed, section.tests)


@lru_cache(maxsize=1)
def _chosen_rows(
    selected: ShardPaths, count: int, seed: int, with_tests: bool
) -> tuple[dict[str, str], ...]:
    def completion(row: dict[str, Any]) -> str:
        response: str = row["response"]
        return response_with_tests(response, row["tests"]) if with_tests else response

    def rank(row: dict[str, Any]) -> bytes:
        return hashlib.sha256(f"{seed}\0{row['id']}".encode()).digest()

    drawn = sorted(selected.read(), key=rank)
    if not drawn or len(drawn) < count:
        raise MissingDataError(
            f"[finetuning] rows = {count}, the selection has {len(drawn)}",
            "lower it, or make a larger dataset",
        )
    return tuple(
        {"prompt": tuned.prompt(row["instruction"]), "completion": completion(row)}
        for row in drawn[: count or None]
    )


def require_libraries() -> None:
    """Raises MachineError when the extra `train` is not installed."""
    missing = [
        name
        for name in ("torch", "transformers", "trl", "peft", "gguf")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise MachineError(
            f"fine-tuning needs {', '.join(missing)}", "pip install 'selfcodealign-luigi[train]'"
        )
